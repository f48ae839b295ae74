import CKernels

/// The order in which the numbers of a large program are computed: what is alike stands side by side, so that what was
/// written as a loop becomes one again.
///
/// A round computes everything whose operands are there, ordered by function and by where the operands lie. Chains, in which
/// each sum or product is an operand of the next, wait until nothing else can be computed, and then go on as far as they can:
/// so they are cut where what they add depends on themselves, and no two of them can wait for each other.
struct ScalarRounds {
    enum Step {
        /// Results of one function, none of which depends on another.
        case group(Range<Int>)
        /// Pieces of chains of one function: in each, a result is an operand of the next. None depends on another piece.
        case chains([Range<Int>])
    }

    /// Shorter programs are left to ``ScalarSchedule``.
    static let leastOperations = 512
    static let shortestChain = 16

    /// The values in the order of their computation.
    private(set) var order: [Int] = []
    /// The steps, as parts of the order.
    private(set) var steps: [Step] = []
    /// The operand that is the result before, of the values that go on with a chain.
    private(set) var previous: [Int?]

    private let graph: ScalarGraph
    /// The values that each needed value is an operand of, once for each time.
    private var users: [[Int]]
    /// How many operands are not there yet, of the values that are needed.
    private var missing: [Int]
    private var next: [Int?]
    /// The functions in the order in which they appear.
    private var functions: [ScalarGraph.Operation.Function: Int] = [:]
    /// Where values lie, relative to each other: numbers that are given and constants come first.
    private var places: [Int]
    private var ready: [Int] = []
    private var readyChains: [Int] = []

    init(_ graph: ScalarGraph, roots: [Int]) {
        self.graph = graph
        let count = graph.sources.count
        previous = Array(repeating: nil, count: count)
        next = previous
        users = Array(repeating: [], count: count)
        missing = Array(repeating: 0, count: count)
        places = Array(repeating: 0, count: count)
        let needed = findNeeded(roots)
        findChains(among: needed)
        for (value, source) in graph.sources.enumerated() {
            if case .constant(let number) = source { places[value] = count - graph.constants.count + number }
        }
        let given = graph.given.sorted { ($0.key.buffer, $0.key.element) < ($1.key.buffer, $1.key.element) }
        for (place, (_, value)) in given.enumerated() { places[value] = place }
        for value in needed where missing[value] == 0 { enqueue(value) }
        while true {
            if !ready.isEmpty {
                let round = ready
                ready = []
                place(round)
            } else if !readyChains.isEmpty {
                let round = readyChains
                readyChains = []
                placeChains(from: round)
            } else {
                break
            }
        }
    }

    /// The computed values that the roots depend on, in ascending order; notes their uses.
    private mutating func findNeeded(_ roots: [Int]) -> [Int] {
        var isNeeded = [Bool](repeating: false, count: graph.sources.count)
        for root in roots { isNeeded[root] = true }
        var needed: [Int] = []
        for value in graph.sources.indices.reversed() where isNeeded[value] {
            guard let operation = graph.operation(of: value) else { continue }
            needed.append(value)
            if functions[operation.function] == nil { functions[operation.function] = functions.count }
            for operand in operation.operands {
                isNeeded[operand] = true
                guard case .operation = graph.sources[operand] else { continue }
                users[operand].append(value)
                missing[value] += 1
            }
        }
        return needed.reversed()
    }

    /// Finds chains of sums and of products, long ones first; no value is in two of them.
    private mutating func findChains(among needed: [Int]) {
        var lengths = [Int](repeating: 0, count: graph.sources.count)
        var before = previous
        for value in needed {
            let operation = graph.operation(of: value)!
            guard operation.isLink else { continue }
            for operand in operation.operands where lengths[operand] >= lengths[value] {
                guard lengths[operand] > 0, graph.operation(of: operand)!.function == operation.function else {
                    continue
                }
                (lengths[value], before[value]) = (lengths[operand], operand)
            }
            lengths[value] += 1
        }
        var isTaken = [Bool](repeating: false, count: graph.sources.count)
        let ends = needed.filter { lengths[$0] >= ScalarRounds.shortestChain }
        for end in ends.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) where !isTaken[end] {
            var chain = [end]
            while let value = before[chain.last!], !isTaken[value] { chain.append(value) }
            guard chain.count >= ScalarRounds.shortestChain else { continue }
            for value in chain { isTaken[value] = true }
            for (value, earlier) in zip(chain, chain.dropFirst()) {
                (previous[value], next[earlier]) = (earlier, value)
            }
        }
    }
}

// MARK: - Rounds

extension ScalarRounds {
    private mutating func enqueue(_ value: Int) {
        if previous[value] != nil || next[value] != nil { readyChains.append(value) } else { ready.append(value) }
    }

    private mutating func append(_ values: [Int]) -> Range<Int> {
        let start = order.count
        for value in values {
            places[value] = graph.sources.count + order.count
            order.append(value)
        }
        return start..<order.count
    }

    /// Tells the users of a value that it is there.
    private mutating func release(_ value: Int) {
        for user in users[value] where user != next[value] {
            missing[user] -= 1
            if missing[user] == 0 { enqueue(user) }
        }
    }

    /// Appends values of which none depends on another.
    private mutating func place(_ round: [Int]) {
        typealias Key = (function: Int, Int, Int, Int, value: Int)
        let sorted = round.map { value -> Key in
            let operation = graph.operation(of: value)!
            let places = operation.operands.map { self.places[$0] } + [0, 0]
            return (functions[operation.function]!, places[0], places[1], places[2], value)
        }.sorted { $0 < $1 }
        for (_, group) in Dictionary(grouping: sorted, by: \.function).sorted(by: { $0.key < $1.key }) {
            steps.append(.group(append(group.map(\.value))))
        }
        for value in round { release(value) }
    }

    /// Appends chains from the given values on, each as far as what it adds is there by now.
    private mutating func placeChains(from round: [Int]) {
        var pieces: [(function: Int, values: [Int])] = []
        var single: [Int] = []
        for first in round {
            var piece = [first]
            while let value = next[piece.last!] {
                missing[value] -= 1
                if missing[value] > 0 { break }
                piece.append(value)
            }
            if piece.count == 1 {
                single.append(first)
            } else {
                pieces.append((functions[graph.operation(of: first)!.function]!, piece))
            }
        }
        // Those of one length run together best.
        pieces.sort { ($0.function, -$0.values.count, $0.values[0]) < ($1.function, -$1.values.count, $1.values[0]) }
        for (_, alike) in Dictionary(grouping: pieces, by: \.function).sorted(by: { $0.key < $1.key }) {
            steps.append(.chains(alike.map { append($0.values) }))
        }
        for piece in pieces { for value in piece.values { release(value) } }
        place(single)
    }
}

extension ScalarGraph.Operation {
    /// Whether chains may consist of it.
    fileprivate var isLink: Bool {
        switch function {
        case .instruction(CK_ADD, _), .instruction(CK_MULTIPLY, _): operands[0] != operands[1]
        default: false
        }
    }
}
