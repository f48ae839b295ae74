extension Plane {
    private typealias Attributes = KeyValuePairs<String, String>

    /// Colours of Okabe and Ito that are told apart with every kind of colour vision.
    private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]

    /// Dashes that tell lines apart without colours, and show both of two lines in the same place.
    private static let dashes = ["none", "9 5", "3 4", "14 4 3 4"]

    private static let ink = "#222222"
    private static let paper = "#FFFFFF"

    /// The place of the plot in the file.
    private static let side = 480.0
    private static let left = 72.0
    private static let top = 56.0
    private static let right = left + side
    private static let bottom = top + side

    /// Draws the picture as the text of a self-contained SVG file.
    public func svg() -> String {
        let width = (Self.right + 40).fixed(0)
        let height = (Self.bottom + 104 + 24 * Double(lines.count)).fixed(0)
        let title = element("title", [:], self.title.escaped)
        let background = element("rect", ["width": "100%", "height": "100%", "fill": Self.paper])
        let content = [title, background, heading, grid, dots, strokes, axes, circles, legend]
        let attributes: Attributes = [
            "xmlns": "http://www.w3.org/2000/svg", "width": width, "height": height,
            "viewBox": "0 0 \(width) \(height)", "role": "img",
            "font-family": "Helvetica, Arial, sans-serif", "font-size": "14", "fill": Self.ink,
        ]
        return element("svg", attributes, "\n" + content.filter { !$0.isEmpty }.joined(separator: "\n") + "\n") + "\n"
    }

    // MARK: The plot

    private var heading: String {
        text(title.escaped, x: (Self.left + Self.right) / 2, y: 34, ["text-anchor": "middle", "font-size": "17"])
    }

    private var grid: String {
        let (low, high) = (Self.window.lowerBound, Self.window.upperBound)
        let segments = [0.0, 0.5, 1.0].flatMap { value in
            [path(from: (value, low), to: (value, high)), path(from: (low, value), to: (high, value))]
        }
        return element("path", ["d": segments.joined(), "stroke": "#E4E4E4"])
    }

    /// Small dots all over the part of the window that the classifier assigns to class 1.
    private var dots: String {
        guard let region else { return "" }
        let count = 40
        let values = (0..<count).map { step in
            Self.window.lowerBound + Self.window.width * (Double(step) + 0.5) / Double(count)
        }
        let positions = values.flatMap { y in values.map { x in (x: x, y: y) } }
        return dots(at: positions.filter(region).map(place))
    }

    private var strokes: String {
        let parts = lines.enumerated().compactMap { index, line in
            line.visiblePart.map { stroke(index, path(from: $0.from, to: $0.to)) }
        }
        return parts.joined(separator: "\n")
    }

    /// The frame, with ticks and numbers on its left and lower sides.
    private var axes: String {
        let side = Self.side.fixed(1)
        let frame: Attributes = [
            "x": Self.left.fixed(1), "y": Self.top.fixed(1), "width": side, "height": side,
            "fill": "none", "stroke": Self.ink,
        ]
        let ticks = [-0.5, 0, 0.5, 1, 1.5].flatMap { value -> [String] in
            let (x, y) = place((value, value))
            let marks = "M\(x.fixed(1)) \(Self.bottom.fixed(1))v6M\(Self.left.fixed(1)) \(y.fixed(1))h-6"
            return [
                element("path", ["d": marks, "stroke": Self.ink]),
                text(value.compact, x: x, y: Self.bottom + 22, ["text-anchor": "middle"]),
                text(value.compact, x: Self.left - 11, y: y + 5, ["text-anchor": "end"]),
            ]
        }
        let (x, y) = place((0.5, 0.5))
        let names = [
            text("x", x: x, y: Self.bottom + 44, ["text-anchor": "middle", "font-style": "italic"]),
            text("y", x: Self.left - 50, y: y + 5, ["text-anchor": "middle", "font-style": "italic"]),
        ]
        return ([element("rect", frame)] + ticks + names).joined(separator: "\n")
    }

    private var circles: String {
        points.map { circle($0.label, at: place(($0.x, $0.y)), radius: 13) }.joined(separator: "\n")
    }

    // MARK: The legend

    private var legend: String {
        let (left, top) = (Self.left, Self.bottom + 76)
        var entries = [
            circle(0, at: (left + 14, top), radius: 9), text("class 0", x: left + 40, y: top + 5),
            circle(1, at: (left + 134, top), radius: 9), text("class 1", x: left + 154, y: top + 5),
        ]
        if region != nil {
            let pattern = (0..<6).map { (left + 242 + Double($0 / 2) * 12, top - 6 + Double($0 % 2) * 12) }
            entries += [dots(at: pattern), text("classified as 1", x: left + 280, y: top + 5)]
        }
        for (index, line) in lines.enumerated() {
            let y = top + 28 + 24 * Double(index)
            let equation = element("tspan", ["dx": "12", "fill": "#666666"], line.caption)
            entries.append(stroke(index, "M\(left.fixed(1)) \(y.fixed(1))h28"))
            entries.append(text(line.name.escaped + equation, x: left + 40, y: y + 5))
        }
        return entries.joined(separator: "\n")
    }

    // MARK: Elements

    /// The stroke of the line with an index, along a path.
    private func stroke(_ index: Int, _ path: String) -> String {
        let colour = Self.colours[index % Self.colours.count]
        let dash = Self.dashes[index % Self.dashes.count]
        return element("path", ["d": path, "stroke": colour, "stroke-width": "2.5", "stroke-dasharray": dash])
    }

    private func dots(at places: [(x: Double, y: Double)]) -> String {
        let marks = places.map { "M\($0.x.fixed(1)) \($0.y.fixed(1))h0" }
        return element(
            "path", ["d": marks.joined(), "stroke": "#999999", "stroke-width": "2", "stroke-linecap": "round"])
    }

    /// A circle around a label, open for class 0 and filled for class 1.
    private func circle(_ label: Int, at center: (x: Double, y: Double), radius: Double) -> String {
        let (fill, digit) = label == 0 ? (Self.paper, Self.ink) : (Self.ink, Self.paper)
        let outline: Attributes = [
            "cx": center.x.fixed(1), "cy": center.y.fixed(1), "r": radius.fixed(1),
            "fill": fill, "stroke": Self.ink, "stroke-width": "2",
        ]
        let size = radius * 1.1
        let style: Attributes = ["text-anchor": "middle", "font-size": size.fixed(1), "fill": digit]
        return element("circle", outline) + text("\(label)", x: center.x, y: center.y + size * 0.36, style)
    }

    private func text(_ content: String, x: Double, y: Double, _ attributes: Attributes = [:]) -> String {
        element("text", [("x", x.fixed(1)), ("y", y.fixed(1))] + attributes, content)
    }

    private func element(_ name: String, _ attributes: Attributes, _ content: String = "") -> String {
        element(name, Array(attributes), content)
    }

    private func element(_ name: String, _ attributes: [(key: String, value: String)], _ content: String) -> String {
        let list = attributes.map { " \($0.key)=\"\($0.value)\"" }.joined()
        return content.isEmpty ? "<\(name)\(list)/>" : "<\(name)\(list)>\(content)</\(name)>"
    }

    private func path(from: (x: Double, y: Double), to: (x: Double, y: Double)) -> String {
        let (start, end) = (place(from), place(to))
        return "M\(start.x.fixed(1)) \(start.y.fixed(1))L\(end.x.fixed(1)) \(end.y.fixed(1))"
    }

    /// The place of a position of the plane in the file, where y grows downwards.
    private func place(_ position: (x: Double, y: Double)) -> (x: Double, y: Double) {
        let scale = Self.side / Self.window.width
        return (
            Self.left + (position.x - Self.window.lowerBound) * scale,
            Self.top + (Self.window.upperBound - position.y) * scale
        )
    }
}

extension String {
    /// The text with the characters replaced that mean something else in XML.
    fileprivate var escaped: String {
        map { ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;"][$0] ?? String($0) }.joined()
    }
}
