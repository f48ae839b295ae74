extension String {
    /// The path with a text inserted before the extension of the file, or at the end if it has none: `plots/a.svg`
    /// becomes `plots/a-or.svg`.
    public func inserting(_ text: String) -> String {
        let name = self[(lastIndex(of: "/").map(index(after:)) ?? startIndex)...]
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return self + text }
        return self[..<dot] + text + self[dot...]
    }
}
