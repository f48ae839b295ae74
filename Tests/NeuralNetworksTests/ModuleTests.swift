import Autograd
import NeuralNetworks
import Testing

private func parameter(_ number: Double = 1) -> Parameter { Parameter(Tensor(number)) }
private func dense() -> Dense { Dense(weight: Parameter(Tensor([[1, 2]])), bias: Parameter(Tensor([3]))) }

private struct Pair: Module { let first = dense(), second = dense() }
private class Base: Module { let base = parameter() }
private class Middle: Base { var count = 3 }
private final class Leaf: Middle {
    let own = dense()
    lazy var later = parameter()
}
@propertyWrapper private struct Wrapped<Value> { var wrappedValue: Value }
private enum Choice: Module {
    case none
    case one(Dense)
    case two(Parameter, name: Parameter)
    indirect case nested(Choice)
}
private struct Everything: Module {
    let pair = Pair()
    let layers = [dense(), dense()]
    let byName = ["b": parameter(), "a": parameter(), "c": parameter()]
    let some: Dense? = dense()
    let none: Dense? = nil
    let tuple = (parameter(), right: dense())
    let any: Any = parameter()
    let erased: any Module = dense()
    @Wrapped var wrapped = parameter()
    let numbers = [1.0, 2.0]
    let tensor = Tensor([1, 2])
    let text = "text"
}
private final class Node: Module {
    let value = parameter()
    var next: Node?
    var all: [Node] = []
}
private struct Tied: Module {
    let encoder: Parameter
    let layers: [Parameter]
    init() {
        encoder = parameter()
        layers = [parameter(), encoder]
    }
}
private final class Stranger { let hidden = parameter() }
private struct Holder: Module {
    let stranger = Stranger()
    let known = parameter()
}

@Suite struct `The parameters of a model` {
    @Test func `are found in every kind of property, with their paths`() {
        #expect(
            Everything().parameters.map(\.path) == [
                "pair.first.weight", "pair.first.bias", "pair.second.weight", "pair.second.bias",
                "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
                "byName.a", "byName.b", "byName.c", "some.weight", "some.bias",
                "tuple.0", "tuple.right.weight", "tuple.right.bias", "any", "erased.weight", "erased.bias",
                "wrapped.wrappedValue",
            ])
    }

    @Test func `are found in superclasses, and lazy ones once they are made`() {
        let leaf = Leaf()
        #expect(leaf.parameters.map(\.path) == ["base", "own.weight", "own.bias"])
        _ = leaf.later
        #expect(leaf.parameters.map(\.path) == ["base", "own.weight", "own.bias", "later"])
    }

    @Test func `are found in the payload of an enum`() {
        struct Model: Module { let choice: Choice }
        #expect(Model(choice: .none).parameters.isEmpty)
        #expect(Model(choice: .one(dense())).parameters.map(\.path) == ["choice.weight", "choice.bias"])
        let two = Model(choice: .two(parameter(), name: parameter()))
        #expect(two.parameters.map(\.path) == ["choice.0", "choice.name"])
        #expect(Choice.nested(.one(dense())).parameters.map(\.path) == ["weight", "bias"])
    }

    @Test func `that are tied are found once`() {
        let model = Tied()
        #expect(model.parameters.map(\.path) == ["encoder", "layers.0"])
        #expect(model.parameters[0].parameter === model.encoder)
        let (_, slope) = model.valueWithGradient { $0.encoder.value * $0.layers[1].value }
        #expect(slope["encoder"] == Tensor(2))
        #expect(slope["layers.0"] == Tensor(0))
    }

    @Test func `are found in cycles of classes`() {
        let (a, b) = (Node(), Node())
        (a.next, b.next, a.all) = (b, a, [a, b])
        #expect(a.parameters.map(\.path) == ["value", "next.value"])
        (a.next, b.next, a.all) = (nil, nil, [])
    }

    @Test func `are in one order in every run`() {
        let keys = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
        struct Model: Module { let layers: [String: Parameter] }
        let model = Model(layers: Dictionary(uniqueKeysWithValues: keys.map { ($0, parameter()) }))
        #expect(model.parameters.map(\.path) == keys.map { "layers.\($0)" })
    }

    @Test func `are trainable or not`() {
        struct Model: Module {
            let weight = parameter()
            let average = Parameter(Tensor(5), isTrainable: false)
        }
        let model = Model()
        #expect(model.parameters.map(\.path) == ["weight", "average"])
        #expect(model.trainableParameters.map(\.path) == ["weight"])
        let (value, slope) = model.valueWithGradient { $0.weight.value * $0.average.value }
        #expect(value == Tensor(5))
        #expect(slope == ["weight": Tensor(5)])
    }

    @Test func `that are used but not found are an error that names the model`() {
        let model = Holder()
        #expect(model.parameters.map(\.path) == ["known"])
        let error = tensorError { model.valueWithGradient { $0.known.value * $0.stranger.hidden.value } }
        #expect(error?.operation == "Holder")
        #expect(error?.problem.contains("uses a parameter that is not found") == true)
        #expect(error?.advice.contains("in a property of the model") == true)
        // The next gradient is not blamed for it.
        #expect(model.valueWithGradient { $0.known.value }.gradient == ["known": Tensor(1)])
        let value = model.valueWithGradient { $0.known.value * withoutRecording { model.stranger.hidden.value } }.value
        #expect(value == Tensor(1))
    }

    @Test func `that are used but not found stop the process`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Holder().valueWithGradient { $0.stranger.hidden.value }
        }
        #expect(result.message.contains("Holder: the loss uses a parameter that is not found"))
    }

    @Test func `are shared by copied structs`() {
        let model = dense()
        let copy = model
        copy.bias!.value = Tensor([9])
        #expect(model.bias!.value == Tensor([9]))
        let own = model.copy()
        own.bias!.value = Tensor([1])
        #expect(model.bias!.value == Tensor([9]))
        #expect(own.weight.value == model.weight.value)
    }

    @Test func `are assigned from a model built alike`() {
        let (target, source) = (Pair(), Pair())
        source.first.weight.value = Tensor([[7, 8]])
        target.assign(from: source)
        #expect(target.first.weight.value == Tensor([[7, 8]]))
        source.first.weight.value = Tensor([[0, 0]])
        #expect(target.first.weight.value == Tensor([[7, 8]]))
    }

    @Test func `are not assigned from another kind of model`() {
        let target = Pair()
        target.first.weight.value = Tensor([[7, 8]])
        let error = tensorError { target.assign(from: dense()) }
        #expect(error?.operation == "assign")
        #expect(error?.operands.contains("first.weight") == true)
        struct Wide: Module {
            let first = dense(), second = Dense(weight: Parameter(Tensor([[1, 2, 3]])), bias: Parameter(Tensor([1])))
        }
        let shapes = tensorError { target.assign(from: Wide()) }
        #expect(shapes?.problem == "the values of second.weight differ in shape or element type")
        #expect(shapes?.operands == ["f64[1, 2]", "f64[1, 3]"])
        #expect(target.first.weight.value == Tensor([[7, 8]]))
        struct Mixed: Module {
            let first = dense()
            let second = Dense(
                weight: Parameter(Tensor([[1, 2]], elementType: .float32)),
                bias: Parameter(Tensor([1], elementType: .float32)))
        }
        #expect(tensorError { target.assign(from: Mixed()) }?.operands == ["f64[1, 2]", "f32[1, 2]"])
        #expect(target.first.weight.value == Tensor([[7, 8]]))
    }

    private class Base: Module {
        private let w = Parameter(Tensor([1]))
    }

    private final class Derived: Base {
        private let w = Parameter(Tensor([1, 2]))
    }

    private struct Keyed: Module { let parts: [AnyHashable: Parameter] }

    @Test func `two parameters with one path are an error that names both`() {
        for (model, path) in [
            (Derived() as any Module, "w"),
            (Keyed(parts: [1: Parameter(Tensor([1])), "1": Parameter(Tensor([1, 2]))]), "parts.1"),
        ] {
            let error = tensorError {
                _ = model.parameters
                return Tensor(0)
            }
            #expect(error?.problem == "two parameters have the path \(path)")
            #expect(error?.operands.sorted() == ["f64[1]", "f64[2]"])
        }
    }

    private struct Table: Module {
        let numbers: [Double], points: [SIMD2<Double>], names: [String], rows: [Tensor]
        let nested: [[Tensor]], perhaps: ArraySlice<String?>, some: Set<Int>
        let counts: [String: Int], words: [Int: [String]]
        let flags: [[Flag?]], named: [String: [Flag]]
        let layer = dense()
    }

    /// Plain data that says so where it is looked into.
    private struct Flag: CustomReflectable {
        let isSet: Bool
        var customMirror: Mirror {
            Issue.record("data was searched")
            return Mirror(self, children: [])
        }
    }

    /// Visited one by one, a million numbers took a second and a half.
    @Test func `data beside the parameters is not searched`() {
        let table = Table(
            numbers: [Double](repeating: 1, count: 2_000_000),
            points: [SIMD2<Double>](repeating: .zero, count: 1_000_000),
            names: [String](repeating: "x", count: 1_000_000), rows: [Tensor](repeating: Tensor(1), count: 1_000_000),
            nested: [[Tensor]](repeating: [Tensor(1)], count: 1_000_000),
            perhaps: [String?](repeating: nil, count: 1_000_000)[...], some: Set(0..<100_000),
            counts: Dictionary(uniqueKeysWithValues: (0..<100_000).map { ("\($0)", $0) }),
            words: Dictionary(uniqueKeysWithValues: (0..<100_000).map { ($0, ["x"]) }),
            flags: [[Flag(isSet: true)], [nil]], named: ["flags": [Flag(isSet: false)]])
        #expect(table.parameters.map(\.path) == ["layer.weight", "layer.bias"])
    }
}
