/// Which target may import what: the houses and doors of the design.
struct ImportArrows {
  enum Allowed {
    /// These modules and the standard library.
    case only(Set<String>)
    /// Whatever Package.swift lets it import.
    case anything
  }

  /// The package's own table. A directory below Sources that is not listed here is a fault.
  static let project = ImportArrows(
    targets: [
      "BlockingThreads": .only(["Foundation", "Synchronization"]),
      "COpenSSL": .only([]),
      "CPostgreSQL": .only([]),
      "CRdKafka": .only([]),
      "CRocksDB": .only([]),
      "CSimdJSON": .only([]),
      "CZlib": .only([]),
      "JSONFields": .only(["CSimdJSON", "Sequitur"]),
      "KafkaClient": .only(["CRdKafka", "Glibc", "Logging", "Synchronization"]),
      "LifecycleRules": .only(["Glibc", "JSONFields", "RulesModel", "Sequitur"]),
      "PartitionEngine": .only(["ReadableText", "Sequitur"]),
      "PostgreSQL": .only(["CPostgreSQL", "Glibc"]),
      "ReadableText": .only([]),
      "RegularFiles": .only(["Foundation"]),
      "RocksDB": .only(["CRocksDB", "Glibc", "Synchronization"]),
      "RulesModel": .only(["Glibc", "JSONFields", "ReadableText", "Sequitur", "Yams"]),
      "SeededRandom": .only([]),
      "Sequitur": .only([]),
      "SequiturAccess": .only([
        "Crypto", "Foundation", "Glibc", "HTTPTypes", "JWTKit", "Logging", "ReadableText", "RegularFiles",
        "SequiturHTTP", "SequiturSettings", "Synchronization", "X509", "Yams",
      ]),
      // It is worth something only while it cannot reach what it audits.
      "SequiturAudit": .only([
        "BlockingThreads", "COpenSSL", "Foundation", "GRDB", "KafkaClient", "Logging", "PostgreSQL",
        "ReadableText",
        "RulesModel", "SequiturTopics",
      ]),
      "SequiturDemo": .only([
        "BlockingThreads", "Foundation", "KafkaClient", "LifecycleRules", "Logging", "ReadableText",
        "RulesModel",
        "SeededRandom", "SequiturAudit", "SequiturTopics", "SequiturWorker", "ServiceLifecycle",
        "Synchronization",
        "TerminalView",
      ]),
      "SequiturFollower": .only([
        "BlockingThreads", "Dispatch", "Glibc", "KafkaClient", "Logging", "PartitionEngine", "Sequitur",
        "SequiturTopics", "Synchronization",
      ]),
      "SequiturGateway": .only([
        "BlockingThreads", "Foundation", "HTTPTypes", "JSONFields", "KafkaClient", "Logging", "ReadableText",
        "RulesModel",
        "Sequitur", "SequiturFollower", "SequiturHTTP", "SequiturTopics", "SequiturViews", "Synchronization",
      ]),
      // The house of all doors: what is behind them comes through its ports.
      "SequiturHTTP": .only([
        "Foundation", "Glibc", "HTTPTypes", "HummingbirdCore", "HummingbirdTLS", "Logging", "NIOCore",
        "NIOHTTP1", "NIOHTTPTypes", "NIOPosix", "NIOSSL", "ReadableText", "RegularFiles", "Synchronization",
      ]),
      "SequiturInspection": .only([
        "Foundation", "KafkaClient", "Logging", "PartitionEngine", "RocksDB", "Sequitur", "SequiturTopics",
        "SequiturWorker",
      ]),
      "SequiturJSON": .only(["Foundation", "Sequitur"]),
      "SequiturMetrics": .only(["CoreMetrics", "Synchronization"]),
      "SequiturOperations": .only([
        "CoreMetrics", "Foundation", "Logging", "PartitionEngine", "Sequitur", "SequiturHTTP",
        "SequiturMetrics", "SequiturWorker",
      ]),
      "SequiturProjections": .only([
        "BlockingThreads", "Dispatch", "Foundation", "GRDB", "JSONFields", "KafkaClient", "Logging",
        "Glibc", "Metrics", "PartitionEngine", "PostgreSQL", "ReadableText", "RegularFiles", "RulesModel",
        "Sequitur", "SequiturFollower", "SequiturMetrics", "SequiturTopics", "Synchronization", "Yams",
      ]),
      "SequiturOutbox": .only([
        "BlockingThreads", "Dispatch", "Foundation", "JSONFields", "KafkaClient", "Logging",
        "PartitionEngine",
        "PostgreSQL", "ReadableText", "Sequitur", "SequiturTopics", "Synchronization",
      ]),
      "SequiturSettings": .only([
        "Configuration", "Foundation", "ReadableText", "RegularFiles", "Synchronization", "TerminalView",
        "Yams",
      ]),
      "SequiturSimulation": .only(["PartitionEngine", "SeededRandom", "Sequitur", "SequiturTesting"]),
      "SequiturTesting": .only(["PartitionEngine", "Sequitur"]),
      "SequiturTopics": .only([
        "BlockingThreads", "Foundation", "KafkaClient", "Logging", "ReadableText", "Sequitur",
      ]),
      "SequiturViews": .only([
        "BlockingThreads", "Foundation", "Glibc", "KafkaClient", "Logging", "PartitionEngine", "ReadableText",
        "RocksDB", "SequiturFollower", "SequiturTopics", "Synchronization",
      ]),
      "SequiturWorker": .only([
        "BlockingThreads", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "KafkaClient",
        "Logging",
        "Metrics", "PartitionEngine", "ReadableText", "RegularFiles", "RocksDB", "Sequitur",
        "SequiturMetrics",
        "SequiturTopics",
        "ServiceLifecycle", "Synchronization", "Tracing", "UnixSignals",
      ]),
      "TerminalView": .only(["Foundation", "ReadableText", "Synchronization"]),
      "sequitur": .anything,
      "sequitur-fuzz": .only([
        "ArgumentParser", "Dispatch", "Foundation", "JSONFields", "LifecycleRules", "PartitionEngine",
        "RulesModel", "SeededRandom", "Sequitur", "SequiturAudit", "SequiturFollower", "SequiturGateway",
        "SequiturHTTP", "SequiturJSON", "SequiturOutbox", "SequiturProjections", "SequiturSettings",
        "SequiturTesting", "Synchronization",
      ]),
      "sequitur-sim": .only([
        "ArgumentParser", "Dispatch", "Foundation", "SequiturSimulation", "Synchronization",
      ]),
    ],
    executables: ["sequitur", "sequitur-fuzz", "sequitur-sim"]
  )

  /// Modules that only tests may import.
  private static let testModules: Set = [
    "TestBroker", "TestDatabase", "Testing", "WrittenTopics", "XCTest",
  ]

  let targets: [String: Allowed]
  /// Targets that nothing may import.
  let executables: Set<String>

  /// The faults of one file of a target, as sentences.
  func faults(of file: ProjectFile, in target: String) -> [String] {
    guard let allowed = targets[target] else { return ["\(target) is not in the table of import arrows"] }
    return Self.imports(in: file.source).compactMap { found in
      if permits(allowed, found.module) { return nil }
      return "\(file.path):\(found.line): \(target) may not import \(found.module)"
    }
  }

  /// A way from a target back to itself, or nil when the arrows form no circle.
  func circle() -> [String]? {
    var done: Set<String> = []
    for start in targets.keys.sorted() {
      if let circle = circle(from: start, path: [], done: &done) { return circle }
    }
    return nil
  }

  /// The modules that a file imports; submodules and single declarations count as their module.
  static func imports(in source: SourceText) -> [(line: Int, module: String)] {
    source.codeLines.enumerated().flatMap { index, line in
      guard line.contains("import") else { return [(line: Int, module: String)]() }
      return line.split(separator: ";").compactMap { statement in
        var words = statement.split { $0 == " " || $0 == "\t" }[...]
        // @testable, @preconcurrency, public, internal … come before it.
        words = words.drop { $0.hasPrefix("@") || accessLevels.contains($0) }
        guard words.popFirst() == "import" else { return nil }
        words = words.drop { declarationKinds.contains($0) }
        return words.first?.split(separator: ".").first.map { (index + 1, String($0)) }
      }
    }
  }

  private static let accessLevels: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]
  private static let declarationKinds: Set<Substring> = [
    "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
  ]

  private func permits(_ allowed: Allowed, _ module: String) -> Bool {
    if executables.contains(module) || Self.testModules.contains(module) { return false }
    if module == "Swift" { return true }
    switch allowed {
    case .only(let modules):
      // The C library's name on other systems.
      return modules.contains(["Darwin", "Musl"].contains(module) ? "Glibc" : module)
    case .anything: return true
    }
  }

  private func circle(from target: String, path: [String], done: inout Set<String>) -> [String]? {
    if let start = path.firstIndex(of: target) { return path[start...] + [target] }
    guard !done.contains(target), case .only(let modules) = targets[target] else { return nil }
    for next in modules.sorted() {
      if let circle = circle(from: next, path: path + [target], done: &done) { return circle }
    }
    done.insert(target)
    return nil
  }
}
