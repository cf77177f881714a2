import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// What a user may not do on a cluster with ACLs: told by a sentence with the cure, and served once the right is there.
  ///
  /// The test broker has no ACLs. `SEQUITUR_TEST_SECURE` names a directory with the files `admin` and `user`, of librdkafka properties
  /// (`name=value` a line, `bootstrap.servers` and the SASL user's among them): CONTRIBUTING.md.
  @Suite(.enabled(if: SecuredCluster.isNamed)) struct ClusterRightTests {
    /// The right that is left out, and what is said of it.
    struct Missing: Sendable, CustomStringConvertible {
      let what: String
      let right: String
      let told: String
      var description: String { "\(right) on \(what)" }
    }

    @Test(arguments: [
      Missing(what: "commands", right: "all", told: "--operation Describe --topic NAME-commands"),
      Missing(what: "valid", right: "all", told: "--operation Describe --topic NAME-valid"),
      Missing(what: "changelog", right: "all", told: "--operation Describe --topic NAME-changelog"),
      Missing(what: "group", right: "READ", told: "--operation Read --group NAME"),
      Missing(
        what: "txn", right: "all", told: "--operation Write --operation Describe --transactional-id"),
    ])
    func `a worker that may not begin says which right it lacks`(_ missing: Missing) async throws {
      let cluster = try await SecuredCluster.make()
      try await cluster.allow(butNot: missing.what, missing.right)
      let result = try await sequitur(
        ["worker", "--rules", "Examples/Orders/orders.yaml", "--http", "off", "--until-caught-up"]
          + cluster.arguments + cluster.stateDirectory)
      #expect(result.exit == .code(2))
      let told = missing.told.replacing("NAME", with: cluster.name)
      #expect(result.standardError.contains(told), "\(result.standardError)")
      #expect(!result.standardError.contains(cluster.password))
    }

    @Test func `a right to read that is taken away is told at the door, until it is given back`() async throws
    {
      let cluster = try await SecuredCluster.make()
      try await cluster.submit()
      try await cluster.allow(butNot: "commands", "READ")
      try await OperatedWorker.with(arguments: cluster.arguments) { worker in
        let told = try await worker.waitUntil("input-refused")
        #expect(told.troubles[0].detail.contains("--operation Read --topic \(cluster.name)-commands"))
        let metrics = try await worker.get("metrics").body
        #expect(metrics.contains("\nsequitur_trouble{reason=\"input-refused\"} 1\n"))
        try await cluster.allow()
        try await worker.waitUntil(nil)
        try await eventually("the commands to be processed") {
          try await worker.get("status").body.contains("\"accepted\":1")
        }
      }
    }

    @Test(arguments: ["valid", "changelog"])
    func `a right to write that is missing is told at the door, until it is given`(topic: String) async throws
    {
      let cluster = try await SecuredCluster.make()
      try await cluster.submit()
      try await cluster.allow(butNot: topic, "WRITE")
      try await OperatedWorker.with(arguments: cluster.arguments) { worker in
        let told = try await worker.waitUntil("output-refused")
        #expect(
          told.troubles.contains {
            $0.detail.contains("--operation Write --operation Describe --topic \(cluster.name)-\(topic)")
          },
          "\(told)")
        try await cluster.allow()
        try await worker.waitUntil(nil, within: .seconds(120))
        try await eventually("the commands to be processed") {
          try await worker.get("status").body.contains("\"accepted\":1")
        }
      }
    }

    @Test func `the other doors say which right they lack`() async throws {
      let cluster = try await SecuredCluster.make()
      try await cluster.submit()
      let worked = try await sequitur(
        ["worker", "--rules", "Examples/Orders/orders.yaml", "--http", "off", "--until-caught-up"]
          + cluster.arguments + cluster.stateDirectory)
      #expect(worked.exit == .code(0), "\(worked.standardError)")
      for (butNot, right, command, told) in [
        (
          "commands", "WRITE", ["submit", "Examples/Orders/orders.jsonl"],
          "--operation Write --topic NAME-commands"
        ),
        ("commands", "READ", ["verify"], "--operation Read --topic NAME-commands"),
        (
          "changelog", "READ", ["view", "--print", "--until-caught-up"],
          "--operation Read --topic NAME-changelog"
        ),
        ("valid", "all", ["topics", "check"], "--operation Describe --topic NAME-valid"),
        (
          "none", "none", ["topics", "create", "--application-id", "\(cluster.name)2"],
          "--operation Create --topic NAME2-commands"
        ),
      ] {
        try await cluster.allow(butNot: butNot, right)
        // The last of equal options counts.
        let result = try await sequitur(
          [command[0]] + (command.count > 1 ? [command[1]] : []) + cluster.arguments + command.dropFirst(2))
        #expect(result.exit != .code(0), "\(command)")
        let text = told.replacing("NAME", with: cluster.name)
        #expect(result.standardError.contains(text), "\(command): \(result.standardError)")
      }
    }
  }
}

/// A cluster with SASL and ACLs that somebody runs, and an application on it with a user whose rights the test sets.
struct SecuredCluster {
  let name: String
  let password: String
  private let files: URL
  private let user: [String: String]

  private static let directory = ProcessInfo.processInfo.environment["SEQUITUR_TEST_SECURE"]
  static var isNamed: Bool { directory != nil }

  /// Topics of its own, and no right at all for the user.
  static func make() async throws -> SecuredCluster {
    let files = URL(filePath: try #require(directory))
    let lines = try String(contentsOf: files.appending(path: "user"), encoding: .utf8).split(separator: "\n")
    let user = Dictionary(
      uniqueKeysWithValues: lines.compactMap { line in
        line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
      })
    let cluster = SecuredCluster(
      name: TestBroker.uniqueName("secured"), password: user["sasl.password"] ?? "", files: files, user: user)
    try await cluster.administer(["create"] + cluster.topics)
    return cluster
  }

  private var topics: [String] {
    ["commands", "valid", "invalid", "changelog", "outbox"].map { "\(name)-\($0)" }
  }

  var arguments: [String] {
    ["--application-id", name] + user.flatMap { ["--kafka", "\($0.key)=\($0.value)"] }
  }

  var stateDirectory: [String] {
    [
      "--state-dir",
      FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("secured")).path,
    ]
  }

  /// Gives the user all rights that a worker and a sender need, but for one; `all`: none at all on that.
  func allow(butNot what: String = "", _ right: String = "") async throws {
    let name = try #require(user["sasl.username"])
    try await administer(["forbid", name])
    let rights =
      topics.map { ("topic", $0, ["READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"]) } + [
        ("group", self.name, ["READ"]), ("txn", "\(self.name)-", ["WRITE", "DESCRIBE"]),
      ]
    for (kind, resource, all) in rights {
      let isMeant = resource == "\(self.name)-\(what)" || kind == what
      let left = all.filter { !isMeant || right != "all" && $0 != right }
      if !left.isEmpty { try await administer(["allow", name, kind, resource, left.joined(separator: ",")]) }
    }
  }

  /// A command that is accepted.
  func submit() async throws {
    try await allow()
    try await withFile(
      "one.jsonl", Data(#"{"key":"one","type":"create","payload":{"customer":"ada","total":1}}"#.utf8)
    ) { path in
      let result = try await sequitur(["submit", path] + arguments)
      #expect(result.exit == .code(0), "\(result.standardError)")
    }
  }

  private func administer(_ words: [String]) async throws {
    let result = try await RunningProgram.run(
      ".venv/bin/python",
      arguments: ["Tests/SequiturCommandTests/Operate/secure_broker.py", files.appending(path: "admin").path]
        + words)
    #expect(result.exit == .code(0), "\(result.output.standardError)")
  }
}
