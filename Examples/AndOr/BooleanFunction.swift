import Support

/// A function of two inputs that are 0 or 1, given by its truth table: four outputs.
struct BooleanFunction {
    /// The inputs x1 and x2 of the four samples, in the order of the outputs.
    static let inputs: [[Double]] = [[0, 0], [0, 1], [1, 0], [1, 1]]

    static let and = BooleanFunction(outputs: [0, 0, 0, 1])
    static let or = BooleanFunction(outputs: [0, 1, 1, 1])

    let outputs: [Int]

    /// The outputs in one word: `0110`.
    var bits: String { outputs.map(String.init).joined() }

    /// What the function is called, or its outputs if it has no common name.
    var name: String {
        let names = [
            "0001": "AND", "0111": "OR", "0110": "XOR", "1110": "NAND", "1000": "NOR", "1001": "XNOR",
            "0011": "x1", "0101": "x2", "1100": "NOT x1", "1010": "NOT x2", "0000": "FALSE", "1111": "TRUE",
        ]
        return names[bits] ?? bits
    }

    /// Whether a straight line can part the inputs whose output is 1 from the others. Of all sixteen functions only
    /// exclusive or and its opposite, whose equal outputs lie across from each other, cannot be parted.
    var isLinearlySeparable: Bool { bits != "0110" && bits != "1001" }

    /// The four corners of the unit square, to be drawn.
    var points: [Plane.Point] {
        zip(Self.inputs, outputs).map { Plane.Point(x: $0[0], y: $0[1], label: $1) }
    }
}

/// Prints the inputs, and what each of the functions makes of them.
func printTruthTable(of functions: [BooleanFunction]) {
    let titles = ["x1", "x2"] + functions.map(\.name)
    print(titles.joined(separator: "  "))
    for (sample, input) in BooleanFunction.inputs.enumerated() {
        let cells = input.map { Int($0) } + functions.map { $0.outputs[sample] }
        print(zip(titles, cells).map { "\($1)".indented(to: $0.count) }.joined(separator: "  "))
    }
}
