import Support
import Testing

@Suite struct `A path` {
    @Test(arguments: [
        ("a.svg", "a-or.svg"), ("plots/a.svg", "plots/a-or.svg"), ("a.b.svg", "a.b-or.svg"), ("a", "a-or"),
        ("plots.d/a", "plots.d/a-or"), ("plots.d/.a", "plots.d/.a-or"), ("", "-or"),
    ])
    func `is extended before the extension of its file`(path: String, expected: String) {
        #expect(path.inserting("-or") == expected)
    }
}
