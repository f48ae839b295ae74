import CKernels

// Draws of random numbers: pure functions of a key and a counter, single numbers of type int64. What is drawn depends neither on
// how much of it there is nor on threads; it carries no gradient. See ``RandomGenerator``.

extension Primitive {
    /// Numbers of a float type drawn uniformly from [`lower`, `upper`).
    public static let uniform: Primitive = draw(
        "uniform",
        samples: [
            (.drawing([2], ["lower": 0.0, "upper": 1.0]), Tensor([0.8805201978886142, 0.6054818538799213])),
            (.drawing([], ["lower": 0.0, "upper": 1.0], type: .float32), Tensor(Float(0x1.989fap-2))),
        ],
        refused: [.drawing([2], ["lower": 1.0, "upper": 1.0]): "holds no numbers of type f64"]
    ) { attributes throws(Refusal) in
        var draw = ck_draw()
        let type = attributes.elementType("type")
        (draw.distribution, draw.first, draw.second) = (
            CK_UNIFORM, attributes.number("lower"), attributes.number("upper")
        )
        guard type.isFloat else {
            throw Refusal("of type \(type.abbreviation) there are no uniform numbers", advice: "Use `Tensor.integers`.")
        }
        let ends = (type.rounded(draw.first), type.rounded(draw.second))
        // The least and the greatest number of the type in the range.
        draw.least = ends.0 < draw.first ? Double(Float(ends.0).nextUp) : ends.0
        draw.greatest = type == .float32 ? Double(Float(ends.1).nextDown) : ends.1.nextDown
        if ends.1 < draw.second { draw.greatest = ends.1 }
        guard draw.least <= draw.greatest, ends.0.isFinite, ends.1.isFinite else {
            throw Refusal(
                "the range \(draw.first)..<\(draw.second) holds no numbers of type \(type.abbreviation)")
        }
        return draw
    }

    /// Numbers of a float type drawn from the normal distribution of this `mean` and `deviation`.
    public static let normal: Primitive = draw(
        "normal",
        samples: [
            (.drawing([2], ["mean": 0.0, "deviation": 1.0]), Tensor([-1.6249634408710394, -1.2683492025469478])),
            (.drawing([], ["mean": 3.0, "deviation": 2.0], type: .float32), Tensor(Float(4.982274977359784))),
        ],
        refused: [.drawing([2], ["mean": 0.0, "deviation": 1.0], type: .int64): "no normal numbers of type i64"]
    ) { attributes throws(Refusal) in
        var draw = ck_draw()
        (draw.distribution, draw.first, draw.second) = (
            CK_NORMAL, attributes.number("mean"), attributes.number("deviation")
        )
        let type = attributes.elementType("type")
        guard type.isFloat else { throw Refusal("there are no normal numbers of type \(type.abbreviation)") }
        return draw
    }

    /// Indices drawn uniformly from `lower` ..< `upper`.
    public static let integers: Primitive = draw(
        "integers",
        samples: [(.drawing([2], ["lower": -3, "upper": 7], type: .int64), Tensor(indices: [5, 3]))],
        refused: [
            .drawing([2], ["lower": 2, "upper": 2], type: .int64): "the range 2..<2 is empty",
            .drawing([2], ["lower": 0, "upper": 2]): "are of type i64, not f64",
        ]
    ) { attributes throws(Refusal) in
        let (lower, upper) = (attributes.integer("lower"), attributes.integer("upper"))
        try attributes.checkWhole()
        guard lower < upper else { throw Refusal("the range \(lower)..<\(upper) is empty") }
        var draw = ck_draw()
        (draw.distribution, draw.lower) = (CK_INTEGERS, Int64(lower))
        draw.width = UInt64(bitPattern: Int64(upper &- lower))
        return draw
    }

    /// The indices from 0 on in random order.
    public static let permutation: Primitive = draw(
        "permutation",
        samples: [
            (.drawing([2], type: .int64), Tensor(indices: [0, 1])), (.drawing([0], type: .int64), Tensor(indices: [])),
        ],
        refused: [
            .drawing([2, 2], type: .int64): "a vector, not of the shape [2, 2]",
            .drawing([2], type: .bool): "are of type i64, not bool",
        ]
    ) { attributes throws(Refusal) in
        let shape = attributes.resultShape
        try attributes.checkWhole()
        guard shape.rank == 1 else { throw Refusal("indices in random order are a vector, not of the shape \(shape)") }
        var draw = ck_draw()
        draw.distribution = CK_PERMUTATION
        return draw
    }

    /// A draw of what the attributes say: besides "shape" and "type", those that `what` reads. Expected are the elements at key 0
    /// and counter 0, by the words that Philox makes of them.
    private static func draw(
        _ name: String, samples: @autoclosure @escaping @Sendable () -> [(Attributes, Tensor)],
        refused: @autoclosure @escaping @Sendable () -> [Attributes: String],
        of what: @escaping @Sendable (Attributes) throws(Refusal) -> ck_draw
    ) -> Primitive {
        let origin = [Tensor](repeating: Tensor(0, elementType: .int64), count: 2)
        return Primitive(
            name, operands: 2,
            result: { operands, attributes throws(Refusal) in
                for position in 0..<2 where operands[position] != Result([], .int64) {
                    throw Refusal(
                        "a key and a counter are single numbers of type i64", advice: "Use a `RandomGenerator`.")
                }
                _ = try what(attributes)
                return Result(attributes.resultShape, attributes.elementType("type"))
            },
            kernel: Kernel(
                prepare: { call throws(Refusal) in
                    (
                        draw: try what(call.attributes), type: ck_type(call.result.elementType),
                        count: call.result.shape.elementCount
                    )
                },
                run: { call, buffers in
                    var draw = call.draw
                    draw.key = buffers[0].load(as: UInt64.self)
                    draw.number = buffers[1].load(as: UInt64.self)
                    ck_random(&draw, call.type, call.count, buffers.result)
                }),
            pullbacks: [], samples: { samples().map { Sample(origin, attributes: $0, equals: $1) } },
            refusals: {
                refused().map { RefusedInput(origin, attributes: $0, because: $1) } + [
                    RefusedInput(
                        [Tensor(1), origin[0]], attributes: samples()[0].0, because: "single numbers of type i64")
                ]
            })
    }

    /// The next whole number; behind the greatest comes the least.
    public static let increment: Primitive = Primitive(
        "increment", operands: 1,
        result: { operands, _ throws(Refusal) in
            guard operands[0] == Result([], .int64) else { throw Refusal("takes a single number of type i64") }
            return operands[0]
        },
        kernel: Kernel(
            prepare: { _ in 1 },
            run: { step, buffers in
                buffers.result.storeBytes(of: buffers[0].load(as: Int.self) &+ step, as: Int.self)
            }),
        pullbacks: [],
        samples: {
            [.extreme([Tensor(indices: [.max], shape: [])], equals: Tensor(indices: [.min], shape: []))]
        },
        refusals: { [RefusedInput([Tensor(1)], because: "a single number of type i64")] })
}

extension Primitive.Attributes {
    fileprivate func checkWhole() throws(Primitive.Refusal) {
        let type = elementType("type")
        if type != .int64 { throw Primitive.Refusal("indices are of type i64, not \(type.abbreviation)") }
    }
}

extension Tensor.ElementType {
    /// A number as this float type holds it.
    fileprivate func rounded(_ number: Double) -> Double { self == .float32 ? Double(Float(number)) : number }
}
