// swift-tools-version: 6.2
import PackageDescription

// Optimised in debug builds too: a tape that is 14 to 80 times slower is no pleasure, and `swift run` builds debug.
// Assertions and their messages stay. From tools version 6.2 on, such flags do not hinder packages that depend on this one.
let cFlags: [CSetting] = [
    .unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=off", "-fno-semantic-interposition"])
]
let swiftFlags: [SwiftSetting] = [
    .unsafeFlags(
        [
            "-O", "-wmo", "-num-threads", "2", "-disable-batch-mode", "-assert-config", "Debug",
            "-cross-module-optimization",
        ],
        .when(configuration: .debug)),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// An example: an executable whose sources lie in one folder under Examples.
func example(_ name: String, in folder: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["Autograd", "NeuralNetworks", "Support"], path: "Examples/\(folder)",
        swiftSettings: swiftFlags)
}

let package = Package(
    name: "swift-autograd",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .library(name: "Autograd", targets: ["Autograd"]),
        .library(name: "NeuralNetworks", targets: ["NeuralNetworks"]),
    ],
    targets: [
        .target(
            name: "CKernels", cSettings: cFlags, linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "Autograd", dependencies: ["CKernels"], swiftSettings: swiftFlags),
        .target(name: "NeuralNetworks", dependencies: ["Autograd"], swiftSettings: swiftFlags),

        .target(name: "Support", path: "Examples/Support", swiftSettings: swiftFlags),
        example("and-or", in: "AndOr"),
        example("xor", in: "XOR"),
        example("pattern", in: "Pattern"),
        example("custom-primitive", in: "CustomPrimitive"),

        .target(name: "Machine", path: "Tests/Benchmarks/Machine", cSettings: cFlags),
        .executableTarget(
            name: "benchmarks", dependencies: ["Autograd", "NeuralNetworks", "CKernels", "Machine", "Networks"],
            path: "Tests/Benchmarks", exclude: ["Machine", "Peers"],
            swiftSettings: swiftFlags),
        .target(
            name: "RandomFunctions", dependencies: ["Autograd"], path: "Tests/RandomFunctions",
            swiftSettings: swiftFlags),
        .target(
            name: "Networks", dependencies: ["Autograd", "NeuralNetworks"], path: "Tests/Networks",
            exclude: ["names.txt"], swiftSettings: swiftFlags),
        .testTarget(
            name: "AutogradTests", dependencies: ["Autograd", "CKernels", "RandomFunctions"],
            swiftSettings: swiftFlags),
        .testTarget(
            name: "NeuralNetworksTests", dependencies: ["Autograd", "NeuralNetworks", "RandomFunctions"],
            swiftSettings: swiftFlags),
        .testTarget(
            name: "ReferenceTests", dependencies: ["Autograd", "NeuralNetworks", "Networks"],
            resources: [.copy("Reference")],
            swiftSettings: swiftFlags),
        .testTarget(name: "SupportTests", dependencies: ["Support"], swiftSettings: swiftFlags),
        .testTarget(
            name: "PackageTests", dependencies: ["Autograd", "NeuralNetworks"], swiftSettings: swiftFlags),
    ],
    swiftLanguageModes: [.v6]
)
