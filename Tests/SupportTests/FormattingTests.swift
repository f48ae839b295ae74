import Support
import Testing

@Suite struct `The formatting` {
    @Test(arguments: [
        (0.5, 8, "0.50000000"),
        (-1.0, 2, "-1.00"),
        (-0.001, 2, "0.00"),
        (-0.0, 0, "0"),
        (2.0 / 3, 4, "0.6667"),
        (0.125, 2, "0.12"),
        (99.999, 1, "100.0"),
        (1e22, 0, "10000000000000000000000"),
        (.infinity, 3, "inf"),
        (-.infinity, 3, "-inf"),
        (.nan, 3, "nan"),
        (-.nan, 3, "nan"),
    ])
    func `keeps a fixed count of digits`(value: Double, digits: Int, expected: String) {
        #expect(value.fixed(digits) == expected)
    }

    @Test func `has room for the longest number`() {
        let digits = (-Double.greatestFiniteMagnitude).fixed(20)
        #expect(digits.count == 1 + 309 + 1 + 20)
        #expect(Double(digits) == -Double.greatestFiniteMagnitude)
    }

    @Test(arguments: [
        (2.0, "2"), (-0.0, "0"), (3.14159, "3.142"), (123456.0, "1.235e+05"), (1e-7, "1e-07"), (-Double.nan, "nan"),
    ])
    func `keeps at most four digits`(value: Double, expected: String) {
        #expect(value.compact == expected)
    }

    @Test func `fills with spaces`() {
        #expect("ab".padded(to: 4) == "ab  ")
        #expect("ab".indented(to: 4) == "  ab")
        #expect("abc".padded(to: 2) == "abc")
        #expect("abc".indented(to: 2) == "abc")
    }

    @Test func `aligns the rows of a table`() {
        let table = Table(["step": 6, "accuracy": 2])
        #expect(table.header == "  step  accuracy")
        #expect(table.row("1", "50") == "     1        50")
        #expect(table.row("1234567", "50") == "1234567        50")
    }
}
