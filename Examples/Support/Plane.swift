/// A picture of a classifier in the plane: labelled points, straight lines that divide them, and the region that the
/// classifier assigns to class 1. It shows the window from -0.5 to 1.5 in both directions.
public struct Plane {
    /// A point with its true class, 0 or 1.
    public struct Point: Sendable {
        public let x: Double
        public let y: Double
        public let label: Int

        public init(x: Double, y: Double, label: Int) {
            self.x = x
            self.y = y
            self.label = label
        }
    }

    /// The line w1·x + w2·y + b = 0.
    public struct Line: Sendable {
        public let name: String
        public let w1: Double
        public let w2: Double
        public let b: Double

        public init(_ name: String, w1: Double, w2: Double, b: Double) {
            self.name = name
            self.w1 = w1
            self.w2 = w2
            self.b = b
        }
    }

    /// The interval that the picture shows in both directions.
    static let window = -0.5...1.5

    let title: String
    let points: [Point]
    let lines: [Line]
    let region: ((_ x: Double, _ y: Double) -> Bool)?

    /// Makes a picture. Points outside of the window are left out.
    /// - Parameter region: Whether the classifier assigns a position to class 1. Where it does, the picture is dotted.
    public init(
        title: String, points: [Point], lines: [Line], region: ((_ x: Double, _ y: Double) -> Bool)? = nil
    ) {
        self.title = title
        self.points = points.filter { Self.window.contains($0.x) && Self.window.contains($0.y) }
        self.lines = lines
        self.region = region
    }

    /// Writes the picture as an SVG file, completely or not at all.
    public func write(to path: String) throws(FileError) {
        try svg().write(to: path)
    }
}

extension Plane.Line {
    /// The equation of the line, such as `2·x - 1.5·y + 0.25 = 0`.
    var equation: String {
        func term(_ value: Double) -> String { (value < 0 ? "- " : "+ ") + abs(value).compact }
        return "\(w1.compact)·x \(term(w2))·y \(term(b)) = 0"
    }

    /// What a legend says about the line besides its name.
    var caption: String {
        visiblePart == nil ? equation + " (not visible)" : equation
    }

    /// The ends of the part of the line inside the window, or nil if there is none or the line is no line at all.
    var visiblePart: (from: (x: Double, y: Double), to: (x: Double, y: Double))? {
        guard w1.isFinite, w2.isFinite, b.isFinite else { return nil }

        // Solve for the coordinate with the greater weight: v = slope * u + offset with a slope of at most 1.
        let isSteep = abs(w1) > abs(w2)
        let (along, across) = isSteep ? (w2, w1) : (w1, w2)
        let slope = -along / across
        let offset = -b / across
        guard slope.isFinite, offset.isFinite else { return nil }

        // Keep those u for which both u and v are in the window.
        let window = Plane.window
        var (low, high) = (window.lowerBound, window.upperBound)
        if slope == 0 {
            guard window.contains(offset) else { return nil }
        } else {
            let u1 = (window.lowerBound - offset) / slope
            let u2 = (window.upperBound - offset) / slope
            low = max(low, min(u1, u2))
            high = min(high, max(u1, u2))
        }
        guard low < high else { return nil }

        func position(_ u: Double) -> (x: Double, y: Double) {
            let v = min(max(slope * u + offset, window.lowerBound), window.upperBound)
            return isSteep ? (v, u) : (u, v)
        }
        return (position(low), position(high))
    }
}

extension ClosedRange<Double> {
    /// The length of the interval.
    var width: Double { upperBound - lowerBound }
}
