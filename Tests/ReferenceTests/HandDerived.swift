// The documents' gradient formulas, as derived by hand there. None is used outside the tests: the tape replaces them.
// Notation: inputs x, expected e, output o = sigmoid(u), loss (o − e)² / 2.

/// One neuron: ∂w = (o − e) · o · (1 − o) · x.
func gradient(_ o: Double, _ e: Double, _ x: [Double]) -> [Double] { x.map { gradient(o, e, $0) } }

/// One neuron: the bias is the weight of an input fixed at x = 1.
func gradient(_ o: Double, _ e: Double, _ x: Double) -> Double { (o - e) * o * (1 - o) * x }

/// XOR: ∂vⱼ = (o − e) · o · (1 − o) · zⱼ.
func outputWeightGradient(_ o: Double, _ e: Double, _ z: [Double]) -> [Double] {
    z.map { (o - e) * o * (1 - o) * $0 }
}

/// XOR: ∂c = (o − e) · o · (1 − o).
func outputBiasGradient(_ o: Double, _ e: Double) -> Double { (o - e) * o * (1 - o) }

/// XOR: ∂bⱼ = (o − e) · o · (1 − o) · vⱼ · zⱼ · (1 − zⱼ).
func hiddenBiasGradient(_ o: Double, _ e: Double, _ v: [Double], _ z: [Double]) -> [Double] {
    zip(v, z).map { v, z in (o - e) * o * (1 - o) * v * z * (1 - z) }
}

/// XOR: ∂Wᵢⱼ = ∂bⱼ · xᵢ, as [input][unit].
func hiddenWeightGradient(_ o: Double, _ e: Double, _ v: [Double], _ z: [Double], _ x: [Double]) -> [[Double]] {
    let hiddenBias = hiddenBiasGradient(o, e, v, z)
    return x.map { x in hiddenBias.map { $0 * x } }
}

/// The pattern's full batch: ∂w = Xᵀ ((o − e) · o · (1 − o)).
func patternGradient(_ o: [Double], _ e: [Double], _ x: [[Double]]) -> [Double] {
    x[0].indices.map { column in
        x.indices.reduce(0) { $0 + (o[$1] - e[$1]) * o[$1] * (1 - o[$1]) * x[$1][column] }
    }
}
