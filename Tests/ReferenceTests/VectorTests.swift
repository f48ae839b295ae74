import Autograd
import Testing

/// The package against vectors that an independent implementation computed: values, gradients, products with Jacobians
/// and second derivatives.
@Suite struct VectorTests {
    /// How many of the bundled vectors the package must be able to run.
    private static let fewestCases = 179

    @Test func vectors() throws {
        var (ran, unknown) = (0, [String: Int]())
        var exercised: Set<String> = []
        for (file, vectors) in try Vector.all(in: Vector.otherFolder ?? Vector.bundledFolder) {
            for vector in vectors {
                let operations = Set(vector.program.map(\.operation))
                let missing = operations.filter { knownOperations[$0] == nil }
                for operation in missing { unknown[operation, default: 0] += 1 }
                guard missing.isEmpty else { continue }
                check(vector, relativeValue: file == "stability")
                exercised.formUnion(operations)
                ran += 1
            }
        }
        print("reference vectors: \(ran) cases ran with \(exercised.count) operations")
        let list = unknown.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        if !list.isEmpty { print("unknown operations, with the cases that need them: " + list.joined(separator: ", ")) }
        // Other vectors need not cover everything.
        guard Vector.otherFolder == nil else {
            #expect(ran > 0)
            return
        }
        #expect(ran >= Self.fewestCases)
        let idle = Set(knownOperations.keys).subtracting(exercised)
        #expect(idle.isEmpty, "no vector runs these")
    }

    /// Every primitive that carries gradients occurs on a tape of some vector, but for those that have no counterpart there.
    @Test func everyPrimitiveIsExercised() throws {
        var names: Set<Substring> = []
        for (_, vectors) in try Vector.all(in: Vector.bundledFolder) {
            for vector in vectors where vector.program.allSatisfy({ knownOperations[$0.operation] != nil }) {
                let (tape, (output, inputs)) = Tape.record { tape in
                    let inputs = vector.differentiated.map { tape.variable(vector.inputs[$0]!.tensor) }
                    return (sum(vector.run(inputs, with: knownOperations)), inputs)
                }
                _ = tape.gradient(of: output, withRespectTo: inputs)
                // A line reads `%1: f64[2, 3] = multiply %0, %0`.
                names.formUnion(tape.description.matches(of: /(?m)^%\d+: \S+?\[[^\]]*\] = (\w+)/).map(\.output.1))
            }
        }
        let carriers = Primitive.catalogue.filter { $0.pullbacks.contains { !$0.isZero } }
        let missing = Set(carriers.map(\.name)).subtracting(names.map(String.init))
        // The vectors know one float type; identity is the variable of a nested gradient; programs alone fuse products.
        #expect(missing == ["cast", "identity", "multiplyAdd", "subtractMultiply"])
    }

    private func check(_ vector: Vector, relativeValue: Bool) {
        let names = vector.differentiated
        let inputs = names.map { vector.inputs[$0]!.tensor }
        let (v, u) = (vector.cotangent.tensor, names.map { vector.tangents[$0]!.tensor })
        func f(_ x: [Tensor]) -> Tensor { vector.run(x, with: knownOperations) }
        /// vᵀ J
        func product(_ x: [Tensor], _ v: Tensor) -> [Tensor] { gradient(at: x) { sum(f($0) * v) } }
        /// vᵀ J u
        func slope(_ x: [Tensor], _ v: Tensor) -> Tensor {
            zip(product(x, v), u).reduce(Tensor(0)) { $0 + sum($1.0 * $1.1) }
        }

        let value = f(inputs)
        if relativeValue {
            expect(value, vector.value, "\(vector.name): value") { 1e-12 * abs($1) }
        } else {
            expect(value, vector.value, "\(vector.name): value", within: 1e-9)
        }
        // vᵀ J u is linear in v: its gradient with respect to v is J u.
        expect(gradient(at: v) { slope(inputs, $0) }, vector.jvp, "\(vector.name): jvp", within: 1e-9)
        let (first, second) = (product(inputs, v), gradient(at: inputs) { slope($0, v) })
        for (position, name) in names.enumerated() {
            expect(first[position], vector.gradients[name]!, "\(vector.name): gradient of \(name)", within: 1e-9)
            expect(second[position], vector.hvp[name]!, "\(vector.name): hvp of \(name)", within: 1e-8)
        }
    }

    private func expect(_ tensor: Tensor, _ reference: Vector.Array, _ what: String, within tolerance: Double) {
        expect(tensor, reference, what) { tolerance * max(1, abs($0), abs($1)) }
    }

    private func expect(
        _ tensor: Tensor, _ reference: Vector.Array, _ what: String, tolerance: (Double, Double) -> Double
    ) {
        let agrees =
            tensor.elementCount == reference.values.count
            && zip(tensor.numbers, reference.values).allSatisfy { abs($0 - $1) <= tolerance($0, $1) }
        #expect(
            agrees && Array(tensor.shape) == reference.shape, "\(what) is \(tensor), not \(reference.values)")
    }
}
