import Autograd
import Networks
import NeuralNetworks

// Two transformers, written with the operations that there are: letters are one-hot rows, and the optimizer is a user's.

/// The losses before the first steps, which the peers find too: of the small one by its width.
private let smallLosses: [(width: Int, losses: [Double])] = [
    (16, [3.3318161, 3.2403057, 3.1824595, 3.1260107, 3.0354539]),
    (32, [3.5544669, 3.1991072, 3.1063762, 2.8844938, 2.7613992]),
    (64, [4.1023523, 3.1517143, 3.0548007, 2.7549105, 2.713688]),
]
private let largeLosses = [4.2514782, 4.0689498, 3.8743371, 3.743264, 3.5975375]

func measureGPTs(_ report: Report) {
    for (width, losses) in smallLosses {
        let name = "small GPT, width \(width), 1 thread"
        guard report.wants("W10", name) else { continue }
        guard let names = readFile(Names.path).map({ Names(text: $0) }) else {
            printError("benchmarks: cannot read \(Names.path)")
            report.fail()
            continue
        }
        let batches = (0..<300).map { names.batch($0) }
        func makeStep() -> TrainingStep<SmallGPT, Adam> {
            TrainingStep(
                SmallGPT(width: width), Adam(learningRate: 0.01, beta1: 0.85, beta2: 0.99), loss: SmallGPT.loss)
        }
        Threads.with(count: 1) {
            let step = makeStep()
            var count = 0
            report.row(
                "W10", name, .microsecondsPerStep,
                check: {
                    let step = makeStep()
                    return Check(losses.indices.map { step(batches[$0]) }, equals: losses, tolerance: 1e-4)
                },
                body: {
                    count += 1
                    return step(batches[count % batches.count])
                })
        }
    }
    let text = [CharacterGPT.text.characters, CharacterGPT.text.next]
    for threads in 1...2 {
        let name = "GPT of 818,176 parameters, \(threads) thread\(threads == 1 ? "" : "s")"
        guard report.wants("W8", name) else { continue }
        func makeStep() -> TrainingStep<CharacterGPT, Adam> {
            TrainingStep(CharacterGPT(), Adam(learningRate: 1e-3, decay: 1e-2), loss: CharacterGPT.loss)
        }
        Threads.with(count: threads) {
            let step = makeStep()
            report.row(
                "W8", name, .microsecondsPerStep, threads: threads,
                check: {
                    let step = makeStep()
                    return Check(largeLosses.map { _ in step(text) }, equals: largeLosses, tolerance: 1e-4)
                },
                body: { step(text) })
        }
    }
}
