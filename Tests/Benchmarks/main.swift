import Autograd

// Times the package, on one core where it does not say otherwise, and checks what it times.
//
//     swift run -c release benchmarks
//     swift run -c release benchmarks --filter xor --json ours.json
//     swift run -c release benchmarks --peers Tests/Benchmarks/Peers
//     swift build -c release --product benchmarks --static-swift-stdlib --scratch-path .build/static
//     .build/static/release/benchmarks --filter W9
//
// The works carry the numbers under which Peers/ runs the same ones in other packages:
//     W1      a step of training the 2-2-1 XOR network on one sample
//     W2      the same on all four samples
//     W3      gradients of functions of many numbers, in scalars and in arrays
//     W4      a step of training the network 784-128-10 on 64 samples
//     W5      products of matrices; the last column says which part that is of what one processor can do
//     W6      element-wise functions and sums of a million numbers, and as many random ones
//     W7      operations on arrays so small that only their overhead counts
//     W8      a step of training a GPT of 818,176 parameters
//     W9      a process from its start to its first gradient; the row says whether the binary is a static one
//     W10     a step of training the small GPT over first names
//     memory  what a recorded operation occupies
// Each row is the median of its samples; min/median far below 1 means that other processes disturbed it. The last column
// is the row's goal on one core of a server. A wrong result ends in exit code 1, a missed goal does not.

if let exitCode = ChildProcess.exitCode(for: CommandLine.arguments) { exitProcess(exitCode) }

let options = Options(CommandLine.arguments.dropFirst())
let report = Report(options)
report.printHeader()
measureMemory(report)  // before others leave memory to be used again
measureXOR(report)
measureScalars(report)
measureGaussianMixture(report)
measureClassifier(report)
measureGPTs(report)
measureMatrixProducts(report)
measureSmallProducts(report)
measureElementwise(report)
measureSmallArrays(report)
measureProcesses(report)
if let folder = options.peers { runPeers(in: folder, beside: report) }
report.writeJSON()
exitProcess(report.isCorrect ? 0 : 1)
