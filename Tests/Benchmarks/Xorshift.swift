/// George Marsaglia's xorshift generator, which Peers/ has too, so that all compute with the same numbers.
struct Xorshift {
    private var state: UInt64 = 88_172_645_463_325_252

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Numbers from −bound to bound.
    mutating func uniform(_ count: Int, within bound: Double) -> [Double] {
        (0..<count).map { _ in (2 * (Double(next() >> 11) / 0x1p53) - 1) * bound }
    }
}
