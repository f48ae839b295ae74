import Foundation
import Testing

@testable import Support

private let points = [
    Plane.Point(x: 0, y: 0, label: 0), Plane.Point(x: 0, y: 1, label: 1),
    Plane.Point(x: 1, y: 0, label: 1), Plane.Point(x: 1, y: 1, label: 1),
]

@Suite struct `The plane` {
    @Test(arguments: [
        // Lines through the middle, along an axis and along the edge of the window.
        (1.0, 1.0, -1.0, [-0.5, 1.5, 1.5, -0.5]),
        (-1, 1, 0, [-0.5, -0.5, 1.5, 1.5]),
        (1, 0, 0, [0, -0.5, 0, 1.5]),
        (0, -2, 1, [-0.5, 0.5, 1.5, 0.5]),
        (1, 0, 0.5, [-0.5, -0.5, -0.5, 1.5]),
        // Lines that cut off a corner, flatly and steeply.
        (1, 2, -4, [1, 1.5, 1.5, 1.25]),
        (2, 1, -4, [1.5, 1, 1.25, 1.5]),
        // Weights whose squares are too great or too small for a number.
        (1e300, 1e300, -1e300, [-0.5, 1.5, 1.5, -0.5]),
        (1e-300, 1e-300, -1e-300, [-0.5, 1.5, 1.5, -0.5]),
    ])
    func `clips lines to the window`(w1: Double, w2: Double, b: Double, expected: [Double]) throws {
        let part = try #require(Plane.Line("l", w1: w1, w2: w2, b: b).visiblePart)
        #expect([part.from.x, part.from.y, part.to.x, part.to.y] == expected)
    }

    @Test(arguments: [
        (0.0, 0.0, 0.0), (0, 0, 1), (1, 1, 5), (1, 1, -3), (1, 0, 2), (0, 1, -2), (1e-300, 0, 1e300),
        (.nan, 1, 0), (1, .nan, 0), (1, 1, .nan), (.infinity, 1, 0), (1, -.infinity, 0), (1, 1, .infinity),
    ])
    func `knows which lines cannot be seen`(w1: Double, w2: Double, b: Double) {
        let line = Plane.Line("lost", w1: w1, w2: w2, b: b)
        #expect(line.visiblePart == nil)
        let plane = Plane(title: "", points: [], lines: [line])
        #expect(plane.text().contains("lost   \(line.equation) (not visible)"))
        #expect(!plane.text().split(separator: "\n").dropLast().joined().contains("*"))
        #expect(plane.svg().contains("\(line.equation) (not visible)"))
        #expect(plane.svg().components(separatedBy: "stroke-dasharray").count == 2)
    }

    @Test func `writes equations`() {
        #expect(Plane.Line("l", w1: 2, w2: -1.5, b: 0.25).equation == "2·x - 1.5·y + 0.25 = 0")
        #expect(Plane.Line("l", w1: -0.0, w2: -0.0, b: .nan).equation == "0·x + 0·y + nan = 0")
    }

    @Test func `draws text`() {
        let line = Plane.Line("or", w1: 1, w2: 1, b: -0.5)
        let plane = Plane(title: "or", points: points, lines: [line]) { x, y in x + y > 0.5 }
        let expected = """
            or
            y ┌─────────────────┐
              │                 │
              │ ·   ·   ·   ·   │
            1 ┤**  ●       ●    │
              │  **   ·   ·   · │
              │    *            │
              │     *** ·   ·   │
            0 ┤    ○   **  ●    │
              │          **   · │
              │            *    │
              └────┬───────┬────┘ x
                   0       1

              ○ class 0   ● class 1   · classified as 1
              * or   1·x + 1·y - 0.5 = 0
            """
        #expect(plane.text(width: 17, height: 9) == expected)
    }

    @Test func `gives each line a character and a style of its own`() {
        let lines = (0..<6).map { Plane.Line("line \($0)", w1: 0, w2: 1, b: -0.25 * Double($0)) }
        let plane = Plane(title: "", points: [], lines: lines)
        let rows = plane.text().split(separator: "\n").filter { $0.contains("│") }
        let strokes = Set(rows.joined()).subtracting("01┤ │")
        #expect(strokes.count == 6)
        let styles = plane.svg().matches(of: /stroke="([^"]*)" stroke-width="2.5" stroke-dasharray="([^"]*)"/)
        #expect(Set(styles.map { "\($0.1)" }).count == 6)
    }

    @Test func `leaves out what is outside of the window`() {
        let stray = [(2.0, 0.0), (0, -1), (.nan, 0), (0, .infinity)].map { Plane.Point(x: $0, y: $1, label: 1) }
        let plane = Plane(title: "", points: stray, lines: [])
        #expect(plane.text(width: 0, height: 0).components(separatedBy: "●").count == 2)
        #expect(plane.svg().components(separatedBy: "<circle").count == 3)
    }

    @Test func `draws SVG`() {
        let lines = [Plane.Line("a<b & \"c\"", w1: 1, w2: 1, b: -0.5)]
        let svg = Plane(title: "<title> & more", points: points, lines: lines) { x, y in x + y > 0.5 }.svg()
        #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
        #expect(svg.components(separatedBy: ">&lt;title&gt; &amp; more<").count == 1 + 2)
        #expect(svg.contains(">a&lt;b &amp; &quot;c&quot;<"))
        // The line from (-0.5, 1) to (1, -0.5), and the open circle at the origin.
        #expect(svg.contains(#"d="M72.0 176.0L432.0 536.0""#))
        #expect(svg.contains(##"<circle cx="192.0" cy="416.0" r="13.0" fill="#FFFFFF""##))
        #expect(svg.components(separatedBy: "<circle").count == 1 + 4 + 2)
        // The dots closest to the line on either side.
        #expect(svg.contains("M198.0 290.0h0"))
        #expect(!svg.contains("M186.0 302.0h0"))
    }
}
