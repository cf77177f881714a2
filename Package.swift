// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 language mode comes with the tools version; warnings are errors everywhere.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "sequitur",
  products: [
    .executable(name: "sequitur", targets: ["sequitur"]),
    .library(name: "Sequitur", targets: ["Sequitur"]),
    .library(name: "SequiturJSON", targets: ["SequiturJSON"]),
    .library(name: "SequiturWorker", targets: ["SequiturWorker"]),
    .library(name: "SequiturFollower", targets: ["SequiturFollower"]),
    .library(name: "SequiturProjections", targets: ["SequiturProjections"]),
    .library(name: "SequiturViews", targets: ["SequiturViews"]),
    .library(name: "SequiturHTTP", targets: ["SequiturAccess", "SequiturHTTP", "SequiturGateway"]),
    .library(name: "SequiturMetrics", targets: ["SequiturMetrics"]),
    .library(name: "SequiturOperations", targets: ["SequiturOperations"]),
    .library(name: "SequiturOutbox", targets: ["SequiturOutbox"]),
    .library(name: "SequiturInspection", targets: ["SequiturInspection"]),
    .library(name: "SequiturTesting", targets: ["SequiturTesting"]),
    .library(name: "LifecycleRules", targets: ["LifecycleRules", "RulesModel"]),
    .library(name: "KafkaClient", targets: ["KafkaClient"]),
    .library(name: "RocksDB", targets: ["RocksDB"]),
    .library(name: "PostgreSQL", targets: ["PostgreSQL"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Without its traits: its interposers are no part of what is measured here.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    // The HTTP house uses its core, without router and traits, and the parts of NIO that the core is made of.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.2"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.1.0"),
    .package(url: "https://github.com/apple/swift-certificates.git", from: "1.15.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // C libraries.
    .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CSimdJSON",
      cxxSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("simdjson")]
    ),

    // One thin wrapper per C library; they know no word of the design.
    .target(
      name: "KafkaClient",
      dependencies: ["CRdKafka", .product(name: "Logging", package: "swift-log")],
      swiftSettings: settings
    ),
    .target(name: "RocksDB", dependencies: ["CRocksDB"], swiftSettings: settings),
    .target(name: "PostgreSQL", dependencies: ["CPostgreSQL"], swiftSettings: settings),

    // Threads for calls that block, and files that others may have put there.
    .target(name: "BlockingThreads", swiftSettings: settings),
    .target(name: "RegularFiles", swiftSettings: settings),

    // Random numbers that a seed fixes, for the demo, the simulation and the tests.
    .target(name: "SeededRandom", swiftSettings: settings),

    // Text for people: foreign text made safe, counts, and the word that was probably meant.
    .target(name: "ReadableText", swiftSettings: settings),

    // Pure: no I/O, no C, no Foundation.
    .target(name: "Sequitur", swiftSettings: settings),
    .target(name: "PartitionEngine", dependencies: ["ReadableText", "Sequitur"], swiftSettings: settings),

    // Deciders.
    .target(name: "SequiturJSON", dependencies: ["Sequitur"], swiftSettings: settings),
    .target(name: "JSONFields", dependencies: ["CSimdJSON", "Sequitur"], swiftSettings: settings),
    .target(
      name: "RulesModel", dependencies: ["JSONFields", "ReadableText", "Sequitur", "Yams"],
      swiftSettings: settings),
    .target(
      name: "LifecycleRules",
      dependencies: ["JSONFields", "RulesModel", "Sequitur"],
      swiftSettings: settings
    ),

    // The four topics of an application: names, shape, set-up and checks.
    .target(
      name: "SequiturTopics",
      dependencies: [
        "BlockingThreads", "KafkaClient", "ReadableText", "Sequitur",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),

    // The ports on Kafka and RocksDB.
    .target(
      name: "SequiturWorker",
      dependencies: [
        "BlockingThreads", "KafkaClient", "PartitionEngine", "ReadableText", "RegularFiles", "RocksDB",
        "Sequitur", "SequiturMetrics", "SequiturTopics",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    // The read side: committed records with an exact position.
    .target(
      name: "SequiturFollower",
      dependencies: [
        "BlockingThreads", "KafkaClient", "PartitionEngine", "Sequitur", "SequiturTopics",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // Events into the tables of a database, exactly once.
    .target(
      name: "SequiturProjections",
      dependencies: [
        "BlockingThreads", "JSONFields", "KafkaClient", "PartitionEngine", "PostgreSQL", "ReadableText",
        "RegularFiles", "RulesModel", "Sequitur", "SequiturFollower", "SequiturMetrics", "SequiturTopics",
        "Yams",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
      ],
      swiftSettings: settings
    ),
    // A table of another application's objects, kept up to date by a follower.
    .target(
      name: "SequiturViews",
      dependencies: [
        "BlockingThreads", "KafkaClient", "PartitionEngine", "ReadableText", "RocksDB", "SequiturFollower",
        "SequiturTopics",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // What is measured, and how Prometheus reads it.
    .target(
      name: "SequiturMetrics",
      dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
      swiftSettings: settings
    ),
    // The HTTP house: a server for every door. It knows neither Kafka nor the worker.
    .target(
      name: "SequiturHTTP",
      dependencies: [
        "ReadableText", "RegularFiles",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings
    ),
    // A worker as the operations door sees it.
    .target(
      name: "SequiturOperations",
      dependencies: [
        "PartitionEngine", "Sequitur", "SequiturHTTP", "SequiturMetrics", "SequiturWorker",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // A database's rows become commands.
    .target(
      name: "SequiturOutbox",
      dependencies: [
        "BlockingThreads", "JSONFields", "KafkaClient", "PartitionEngine", "PostgreSQL", "ReadableText",
        "Sequitur", "SequiturTopics",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // The door for HTTP: commands in, their outcomes and the feed out.
    // Who may do what at a door: rules from a file, and the proofs of who asks.
    .target(
      name: "SequiturAccess",
      dependencies: [
        "ReadableText", "RegularFiles", "SequiturHTTP", "SequiturSettings", "Yams",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "SequiturGateway",
      dependencies: [
        "BlockingThreads", "JSONFields", "KafkaClient", "RulesModel", "Sequitur", "SequiturFollower",
        "SequiturHTTP",
        "ReadableText", "SequiturTopics", "SequiturViews",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // A look into the store of a worker that does not run.
    .target(
      name: "SequiturInspection",
      dependencies: [
        "KafkaClient", "PartitionEngine", "RocksDB", "Sequitur", "SequiturTopics", "SequiturWorker",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // The audit of `sequitur verify`: it shares no reading and no deciding with what it audits.
    .target(
      name: "SequiturAudit",
      dependencies: [
        "BlockingThreads", "COpenSSL", "KafkaClient", "PostgreSQL", "ReadableText", "RulesModel",
        "SequiturTopics",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),

    // For tests of deciders, and the simulated world.
    .target(
      name: "SequiturTesting", dependencies: ["Sequitur", "PartitionEngine"],
      swiftSettings: settings
    ),
    .target(
      name: "SequiturSimulation",
      dependencies: ["PartitionEngine", "SeededRandom", "Sequitur", "SequiturTesting"],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "sequitur-sim",
      dependencies: [
        "SequiturSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings
    ),
    // Decoders of bytes from outside get what nobody would send.
    .executableTarget(
      name: "sequitur-fuzz",
      dependencies: [
        "JSONFields", "LifecycleRules", "PartitionEngine", "RulesModel", "SeededRandom", "Sequitur",
        "SequiturAudit", "SequiturFollower", "SequiturGateway", "SequiturHTTP", "SequiturJSON",
        "SequiturOutbox", "SequiturProjections", "SequiturSettings", "SequiturTesting",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings
    ),
    // The executable: its streams, its settings, its demo, its commands.
    .target(name: "TerminalView", dependencies: ["ReadableText"], swiftSettings: settings),
    .target(
      name: "SequiturSettings",
      dependencies: [
        "ReadableText", "RegularFiles", "TerminalView", "Yams",
        .product(name: "Configuration", package: "swift-configuration"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "SequiturDemo",
      dependencies: [
        "BlockingThreads", "KafkaClient", "LifecycleRules", "ReadableText", "RulesModel", "SeededRandom",
        "SequiturAudit", "SequiturTopics", "SequiturWorker", "TerminalView",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "sequitur",
      dependencies: [
        "BlockingThreads", "CZlib", "JSONFields", "KafkaClient", "LifecycleRules", "PartitionEngine",
        "PostgreSQL",
        "ReadableText", "RegularFiles", "RocksDB", "RulesModel", "Sequitur", "SequiturAudit", "SequiturDemo",
        "SequiturAccess", "SequiturFollower", "SequiturGateway", "SequiturHTTP", "SequiturInspection",
        "SequiturMetrics",
        "SequiturOperations", "SequiturOutbox", "SequiturProjections", "SequiturSettings", "SequiturTopics",
        "SequiturViews", "SequiturWorker", "TerminalView", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),

    // A decider of one's own, and its worker.
    .executableTarget(
      name: "BankAccount", dependencies: ["Sequitur", "SequiturJSON", "SequiturWorker"],
      path: "Examples/BankAccount",
      swiftSettings: settings
    ),

    // A service that keeps a view of another one's objects.
    .executableTarget(
      name: "Checkout",
      dependencies: [
        "SequiturFollower", "SequiturViews", .product(name: "Logging", package: "swift-log"),
      ],
      path: "Examples/Checkout",
      exclude: ["checkout.py"],
      swiftSettings: settings
    ),

    // Benchmarks: the C programs that are the ceiling, and what is measured against them.
    .target(
      name: "Workload", path: "Benchmarks/Workload", linkerSettings: [.linkedLibrary("m")]),
    .executableTarget(
      name: "ceiling", dependencies: ["Workload", "CPostgreSQL", "CRdKafka", "CRocksDB"],
      path: "Benchmarks/Ceiling",
      linkerSettings: [.linkedLibrary("rdkafka"), .linkedLibrary("rocksdb"), .linkedLibrary("pq")]),
    .target(
      name: "BenchmarkDeciders", dependencies: ["Sequitur"], path: "Benchmarks/Deciders",
      swiftSettings: settings),
    .executableTarget(
      name: "benchmark-client",
      dependencies: [
        "BenchmarkDeciders", "KafkaClient", "LifecycleRules", "PartitionEngine", "RocksDB", "Sequitur",
        "SequiturFollower", "SequiturTopics", "SequiturViews", "SequiturWorker", "Workload",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Benchmarks/Client", swiftSettings: settings),

    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Workload", "BenchmarkDeciders", "LifecycleRules", "PartitionEngine", "RocksDB", "Sequitur",
        .product(name: "Benchmark", package: "benchmark"),
      ], path: "Benchmarks/Sources", swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),

    // Tests mirror Sources. TestBroker is shared by them: a broker, and programs under test; TestDatabase a PostgreSQL.
    .target(name: "TestBroker", path: "Tests/TestBroker", swiftSettings: settings),
    .target(
      name: "TestDatabase", dependencies: ["PostgreSQL", "TestBroker"], path: "Tests/TestDatabase",
      swiftSettings: settings),
    .target(
      name: "NoteDecider", dependencies: ["Sequitur"], path: "Tests/NoteDecider", swiftSettings: settings),
    .target(
      name: "WorkerEventLog", dependencies: ["SequiturWorker"], path: "Tests/WorkerEventLog",
      swiftSettings: settings),
    .target(
      name: "WrittenTopics",
      dependencies: [
        "KafkaClient", "SequiturFollower", "SequiturTopics", "TestBroker",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/WrittenTopics", swiftSettings: settings),
    .executableTarget(name: "number-reader", dependencies: ["CSimdJSON"], path: "Tests/NumberReader"),
    .executableTarget(
      name: "expression-reader", dependencies: ["LifecycleRules", "SequiturTesting"],
      path: "Tests/ExpressionReader", swiftSettings: settings),
    .executableTarget(
      name: "StateTestWorker",
      dependencies: [
        "NoteDecider", "SequiturHTTP", "SequiturOperations", "SequiturWorker",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], path: "Tests/StateTestWorker", swiftSettings: settings),
    .testTarget(
      name: "SequiturRecoveryTests",
      dependencies: [
        "BlockingThreads", "KafkaClient", "NoteDecider", "PartitionEngine", "RocksDB", "SeededRandom",
        "Sequitur",
        "SequiturInspection", "SequiturTopics", "SequiturWorker", "StateTestWorker", "TestBroker",
        "WorkerEventLog",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "ProjectTests", dependencies: ["TestBroker", "sequitur-fuzz"], swiftSettings: settings),
    .testTarget(
      name: "KafkaClientTests", dependencies: ["KafkaClient", "TestBroker"], swiftSettings: settings),
    .testTarget(name: "RocksDBTests", dependencies: ["RocksDB"], swiftSettings: settings),
    .testTarget(
      name: "PostgreSQLTests", dependencies: ["PostgreSQL", "TestBroker", "TestDatabase"],
      swiftSettings: settings),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "BankAccount", "Checkout", "KafkaClient", "TestBroker", "sequitur",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(name: "SequiturTests", dependencies: ["Sequitur"], swiftSettings: settings),
    .testTarget(name: "BlockingThreadsTests", dependencies: ["BlockingThreads"], swiftSettings: settings),
    .testTarget(name: "RegularFilesTests", dependencies: ["RegularFiles"], swiftSettings: settings),
    .testTarget(
      name: "SequiturSettingsTests", dependencies: ["SequiturSettings", "TestBroker"], swiftSettings: settings
    ),
    .testTarget(name: "ReadableTextTests", dependencies: ["ReadableText"], swiftSettings: settings),
    .testTarget(name: "SeededRandomTests", dependencies: ["SeededRandom"], swiftSettings: settings),
    .testTarget(
      name: "SequiturMetricsTests",
      dependencies: [
        "SequiturMetrics", "TestBroker", .product(name: "CoreMetrics", package: "swift-metrics"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturGatewayTests",
      dependencies: [
        "BlockingThreads", "KafkaClient", "RulesModel", "Sequitur", "SequiturGateway", "SequiturHTTP",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturAccessTests",
      dependencies: [
        "SequiturAccess", "SequiturHTTP", "TestBroker",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "X509", package: "swift-certificates"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturHTTPTests",
      dependencies: [
        "SeededRandom", "SequiturHTTP", "TestBroker", .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .testTarget(name: "JSONFieldsTests", dependencies: ["JSONFields"], swiftSettings: settings),
    .testTarget(
      name: "SequiturTopicsTests",
      dependencies: [
        "KafkaClient", "Sequitur", "SequiturTopics", .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturFollowerTests",
      dependencies: [
        "KafkaClient", "PartitionEngine", "SeededRandom", "SequiturFollower", "SequiturTopics", "TestBroker",
        "WrittenTopics",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturProjectionsTests",
      dependencies: [
        "KafkaClient", "PartitionEngine", "PostgreSQL", "SeededRandom", "SequiturFollower",
        "SequiturProjections",
        "SequiturTopics", "TestBroker", "TestDatabase", "WrittenTopics",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturViewsTests",
      dependencies: [
        "KafkaClient", "PartitionEngine", "SequiturFollower", "SequiturTopics", "SequiturViews", "TestBroker",
        "WrittenTopics",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturOutboxTests",
      dependencies: [
        "KafkaClient", "PostgreSQL", "Sequitur", "SequiturOutbox", "SequiturTopics", "TestBroker",
        "TestDatabase",
        "sequitur", .product(name: "Logging", package: "swift-log"),
      ], exclude: ["outbox_audit.py"], swiftSettings: settings),
    .testTarget(
      name: "SequiturAuditTests", dependencies: ["CSimdJSON", "SeededRandom", "SequiturAudit"],
      swiftSettings: settings),
    .testTarget(
      name: "SequiturDemoTests", dependencies: ["SequiturDemo", "TerminalView"], swiftSettings: settings),
    .testTarget(name: "TerminalViewTests", dependencies: ["TerminalView"], swiftSettings: settings),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "KafkaClient", "PartitionEngine", "SequiturSimulation", "SequiturTesting", "TestBroker",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "SequiturSimulationTests", dependencies: ["SequiturSimulation", "TestBroker"],
      swiftSettings: settings),
    .testTarget(
      name: "SequiturJSONTests", dependencies: ["Sequitur", "SequiturJSON"], swiftSettings: settings),
    .testTarget(
      name: "SequiturTestingTests",
      dependencies: [
        "BankAccount", "LifecycleRules", "Sequitur", "SequiturJSON", "SequiturTesting", "TestBroker",
      ], swiftSettings: settings),
    .testTarget(
      name: "PartitionEngineTests", dependencies: ["PartitionEngine", "SeededRandom"], swiftSettings: settings
    ),
    .testTarget(
      name: "LifecycleRulesTests",
      dependencies: ["expression-reader", "LifecycleRules", "RulesModel", "Sequitur", "TestBroker"],
      exclude: ["Oracle"], swiftSettings: settings),
    .testTarget(
      name: "SequiturWorkerTests",
      dependencies: [
        "BlockingThreads", "KafkaClient", "LifecycleRules", "NoteDecider", "PartitionEngine", "RocksDB",
        "SeededRandom", "Sequitur", "SequiturInspection", "SequiturTopics", "SequiturWorker", "TestBroker",
        "WorkerEventLog",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
      ], exclude: ["Rehearsal/incident_changes.py"],
      swiftSettings: settings),
    .testTarget(
      name: "SequiturCommandTests",
      dependencies: [
        "BlockingThreads", "CZlib", "KafkaClient", "PartitionEngine", "PostgreSQL", "RulesModel",
        "SeededRandom", "Sequitur",
        "SequiturDemo", "SequiturFollower", "SequiturMetrics", "SequiturProjections", "SequiturSettings",
        "SequiturTopics", "SequiturViews", "SequiturWorker", "StateTestWorker", "TerminalView", "TestBroker",
        "TestDatabase", "sequitur",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: [
        "Follow/moments.py", "Gateway/gateway_clients.py", "Operate/failing_reads.c",
        "Gateway/feed_clients.py", "Gateway/proxied_feed.py", "Gateway/use_gateway_page.py",
        "Operate/look_at_page.py",
        "Operate/secure_broker.py", "Project/fold_orders.py",
      ],
      swiftSettings: settings
    ),
  ],
  cxxLanguageStandard: .cxx17
)
