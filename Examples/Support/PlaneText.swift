extension Plane {
    /// One character for each line, none of which looks like a point.
    private static let strokes = Array("*+x#%@&$=~abcdefghijklmnpqrstuvwyz")

    /// Draws the picture with characters. Ticks fall on whole characters if width and height are one more than a
    /// multiple of four, and the scales agree if the picture has about twice as many columns as rows.
    /// - Parameter width: The number of columns inside of the frame, at least 9.
    /// - Parameter height: The number of rows inside of the frame, at least 5.
    public func text(width: Int = 49, height: Int = 25) -> String {
        var canvas = Canvas(width: max(width, 9), height: max(height, 5))
        if let region { canvas.dot(region) }
        for (line, stroke) in zip(lines, strokes) {
            if let part = line.visiblePart { canvas.draw(stroke, from: part.from, to: part.to) }
        }
        for point in points {
            canvas.draw(point.label == 0 ? "○" : "●", at: (point.x, point.y))
        }
        return ([title] + canvas.framed + [""] + legend).joined(separator: "\n")
    }

    private var strokes: [Character] {
        lines.indices.map { Self.strokes[$0 % Self.strokes.count] }
    }

    private var legend: [String] {
        let width = lines.map(\.name.count).max() ?? 0
        let classes = "  ○ class 0   ● class 1" + (region == nil ? "" : "   · classified as 1")
        return [classes]
            + zip(lines, strokes).map { line, stroke in
                "  \(stroke) \(line.name.padded(to: width))   \(line.caption)"
            }
    }
}

/// A grid of characters that shows the window of a plane, the first row on top.
private struct Canvas {
    private let width: Int
    private let height: Int
    private var rows: [[Character]]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        rows = Array(repeating: Array(repeating: " ", count: width), count: height)
    }

    mutating func draw(_ character: Character, at position: (x: Double, y: Double)) {
        rows[row(of: position.y)][column(of: position.x)] = character
    }

    mutating func draw(_ character: Character, from: (x: Double, y: Double), to: (x: Double, y: Double)) {
        let steps = max(abs(column(of: to.x) - column(of: from.x)), abs(row(of: to.y) - row(of: from.y)), 1)
        for step in 0...steps {
            let t = Double(step) / Double(steps)
            draw(character, at: (from.x * (1 - t) + to.x * t, from.y * (1 - t) + to.y * t))
        }
    }

    /// Dots the part of the window in which `region` is true, thinly enough to keep lines and points readable.
    mutating func dot(_ region: (Double, Double) -> Bool) {
        for row in stride(from: 1, to: height, by: 2) {
            for column in stride(from: row % 4, to: width, by: 4) {
                let x = Plane.window.position(of: column, in: width)
                let y = Plane.window.position(of: height - 1 - row, in: height)
                if region(x, y) { rows[row][column] = "·" }
            }
        }
    }

    /// The rows in a frame with ticks at 0 and 1.
    var framed: [String] {
        var border = [Character](repeating: "─", count: width)
        var numbers = [Character](repeating: " ", count: column(of: 1) + 1)
        let top = "y ┌" + border + "┐"
        for (value, digit) in [(0.0, "0"), (1.0, "1")] as [(Double, Character)] {
            border[column(of: value)] = "┬"
            numbers[column(of: value)] = digit
        }
        let body = rows.enumerated().map { index, row in
            let tick = index == self.row(of: 0) ? "0 ┤" : index == self.row(of: 1) ? "1 ┤" : "  │"
            return tick + row + "│"
        }
        return [top] + body + ["  └" + border + "┘ x", "   " + numbers]
    }

    private func column(of x: Double) -> Int { Plane.window.index(of: x, in: width) }
    private func row(of y: Double) -> Int { height - 1 - Plane.window.index(of: y, in: height) }
}

extension ClosedRange<Double> {
    /// The nearest of `count` positions that are spread evenly over the range, ends included.
    fileprivate func index(of value: Double, in count: Int) -> Int {
        Int(((value - lowerBound) / width * Double(count - 1)).rounded())
    }

    /// The value at one of `count` positions that are spread evenly over the range.
    fileprivate func position(of index: Int, in count: Int) -> Double {
        lowerBound + width * Double(index) / Double(count - 1)
    }
}
