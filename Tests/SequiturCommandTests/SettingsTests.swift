import Foundation
import TerminalView
import TestBroker
import Testing

@testable import SequiturSettings
@testable import sequitur

extension SequiturCommandTests {
  /// The environment and the configuration file.
  struct SettingsTests {
    // MARK: The file

    @Test(arguments: [
      "kafka:\n  sasl.password: hunter2\n  sasl.password: hunter3\n", "kafka:\n  sasl.password: @hunter2\n",
      "kafka:\n  sasl.password: %hunter2\n", "kafka:\n  sasl.password: *hunter2\n",
      "kafka:\n  sasl.password: hunter2: x\n", "kafka:\n  sasl.password: \"hunter2\n",
      "kafka:\n  sasl.password: 'hunter2\n", "kafka: sasl.password=hunter2\n", "kafka:\n  hunter2: x\n",
      "hunter2: x\n", "sasl.password=hunter2", "- hunter2\n", "kafka:\n  sasl.password: [hunter2]\n",
      "kafka:\n  sasl.pasword: hunter2\n", "lanes: hunter2\n", "kafka:\n  linger.ms: hunter2\n",
      "kafka: {sasl.password: hunter2", "hunter2\n---\nhunter3\n",
      "kafka:\n  sasl.password: \"hunter2\\0\"\n",
      "!hunter2 x", "&hunter2 a: *hunter3", "\u{1}hunter2", "kafka:\n\tsasl.password: hunter2\n",
      "kafka: {hunter2, hunter3}\n", "? [hunter2]\n: x\n", "session-timeout: hunter2\n",
      "create-topics: hunter2\n",
      "kafka:\n  sasl.password: |hunter2\n", "kafka:\n  sasl.password: {{ hunter2 }}\n",
      "kafka:\n  sasl.password: `hunter2`\n", "kafka:\n  sasl.password hunter2\n  a: b\n",
      "{\"kafka\": {\"sasl.password\": \"hunter2\", }, \"hunter3\"", "lanes: !!binary hunter2\n",
    ])
    func `a fault of the file has line and column, and never the file's text`(text: String) async throws {
      try await withFile("settings.yaml", Data(text.utf8)) { path in
        let result = try await sequitur(["topics", "check", "--config", path])
        #expect(result.exit == .code(2))
        #expect(!result.standardError.contains("hunter"), "\(result.standardError)")
        #expect(result.standardError.contains(/settings\.yaml:\d+:\d+/), "\(result.standardError)")
      }
    }

    @Test func `a property's name is shown when it is one, and its value never`() async throws {
      try await withFile("settings.yaml", Data("kafka: {linger.ms: often}\n".utf8)) { path in
        let result = try await sequitur(["topics", "check", "--config", path])
        #expect(
          result.standardError.contains("\(path):1:9") && result.standardError.contains("linger.ms takes"))
        #expect(!result.standardError.contains("often"))
      }
    }

    @Test func `a byte order mark and Windows' line ends are no content`() throws {
      for text in [
        "lanes: 4\nmemory: 64MB\n", "lanes: 4\r\nmemory: 64MB\r\n", #"{"lanes": 4, "memory": "64MB"}"#,
      ] {
        for mark in ["", "\u{FEFF}"] {
          let file = try SettingsFile(Array((mark + text).utf8), path: "f")
          #expect(file.values == [.lanes: "4", .memory: "64MB"])
        }
      }
      let fault = #expect(throws: CommandFailure.self) {
        try SettingsFile(Array("\u{FEFF}lanes: 4\nlane: 4\n".utf8), path: "f")
      }
      #expect(fault?.description.hasPrefix("f:2:1:") == true)
    }

    @Test func `NUL in a value is refused, since C would cut it there`() {
      for text in [
        "kafka: {client.id: \"a\\0b\"}", "kafka: {\"client.id\\0\": a}", "application-id: \"a\\0b\"",
        "state-dir: \"/tmp\\0/x\"",
      ] {
        let fault = #expect(throws: CommandFailure.self) { try SettingsFile(Array(text.utf8), path: "f") }
        #expect(fault?.description.contains("without NUL") == true, "\(text)")
      }
    }

    @Test func `a file that takes long to read is refused at once`() {
      func joined(_ count: Int, _ separator: String, _ text: (Int) -> String) -> String {
        (0..<count).map(text).joined(separator: separator)
      }
      func aliases(_ levels: Int) -> String {
        let lines = joined(levels, "\n") { level in
          let node = level == 0 ? "x" : "*a\(level - 1)"
          return "a\(level): &a\(level) [\(node), \(node), \(node)]"
        }
        // In a key: keys are compared.
        return lines + "\n? *a\(levels - 1)\n: x\n"
      }
      var bombs: [String] = []
      bombs.append(aliases(40))
      // As many as are allowed.
      bombs.append(aliases(11))
      bombs.append("kafka: {" + joined(60_000, ", ") { "k\($0): v" } + "}")
      bombs.append("kafka:\n" + joined(60_000, "") { "  k\($0): v\n" })
      bombs.append("kafka: {" + joined(60_000, ", ") { "k\($0)" } + "}")
      bombs.append(joined(60_000, "") { "? k\($0)\n" })
      bombs.append(String(repeating: "[", count: 100_000))
      bombs.append(String(repeating: "{a: ", count: 50_000))
      bombs.append(String(repeating: "- ", count: 100_000))
      bombs.append(String(repeating: "? ", count: 1_900))
      for bomb in bombs {
        let start = ContinuousClock.now
        #expect(throws: CommandFailure.self) { try SettingsFile(Array(bomb.utf8), path: "f") }
        #expect(ContinuousClock.now - start < .seconds(5), "\(bomb.prefix(40))")
      }
    }

    @Test func `many faults are counted, and not all told`() {
      let text = (0..<1000).map { "nonsense-\($0): x\n" }.joined()
      let fault = #expect(throws: CommandFailure.self) { try SettingsFile(Array(text.utf8), path: "f") }
      #expect(fault?.description.split(separator: "\n").count == SettingsFile.faultsMax + 1)
      #expect(fault?.description.contains("… and 980 more faults.") == true)
    }

    @Test func `only a regular file is read, and its size is looked at first`() async throws {
      try await withFile("settings.yaml", Data("lanes: 4\n".utf8)) { path in
        let directory = URL(filePath: path).deletingLastPathComponent().path
        mkfifo(directory + "/pipe", 0o600)
        for (name, reason) in [
          (directory + "/pipe", "it is a pipe"), ("/dev/zero", "it is a device"),
          (directory, "it is a directory"),
          (directory + "/none", "No such file"),
        ] {
          let result = try await sequitur(["topics", "check"], environment: ["SEQUITUR_CONFIG": name])
          #expect(result.exit == .code(2))
          #expect(
            result.standardError.contains(reason) && result.standardError.contains("Check SEQUITUR_CONFIG"))
        }
        // A gigabyte that takes no room.
        let large = directory + "/large"
        #expect(FileManager.default.createFile(atPath: large, contents: nil))
        truncate(large, 1 << 30)
        let result = try await sequitur(["topics", "check", "--config", large])
        #expect(result.standardError.contains("it has 1073741824 bytes, and 262144 are the limit"))
        // A ConfigMap's files are links.
        let link = directory + "/link"
        symlink(path, link)
        #expect(try SettingsFile(path: link).values[.lanes] == "4")
      }
    }

    // MARK: The environment

    private func environment(_ variables: [String: String]) throws -> EnvironmentSettings {
      try EnvironmentSettings(variables.mapValues { .text($0) })
    }

    @Test func `variables that Kubernetes or Docker make for a service of such a name are passed over`()
      throws
    {
      let found = try environment([
        "SEQUITUR_KAFKA_SERVICE_HOST": "10.0.0.1", "SEQUITUR_KAFKA_SERVICE_PORT": "9092",
        "SEQUITUR_KAFKA_SERVICE_PORT_TCP_CLIENT": "9092", "SEQUITUR_KAFKA_PORT": "tcp://10.0.0.1:9092",
        "SEQUITUR_KAFKA_PORT_9092_TCP": "tcp://10.0.0.1:9092", "SEQUITUR_KAFKA_PORT_9092_TCP_PROTO": "tcp",
        "SEQUITUR_KAFKA_PORT_9092_TCP_PORT": "9092", "SEQUITUR_KAFKA_PORT_9092_TCP_ADDR": "10.0.0.1",
        "SEQUITUR_KAFKA_PORT_53_UDP": "udp://10.0.0.1:53",
        "SEQUITUR_KAFKA_BOOTSTRAP_SERVICE_HOST": "10.0.0.1",
        "SEQUITUR_KAFKA_KAFKA_BOOTSTRAP_PORT_9091_TCP_ADDR": "10.0.0.1", "SEQUITUR_SERVICE_HOST": "10.0.0.2",
        "SEQUITUR_SERVICE_PORT": "80", "SEQUITUR_SERVICE_PORT_METRICS": "80",
        "SEQUITUR_PORT": "tcp://10.0.0.2:80",
        "SEQUITUR_PORT_80_TCP": "tcp://10.0.0.2:80", "SEQUITUR_PORT_80_TCP_ADDR": "10.0.0.2",
        "SEQUITUR_LANES_SERVICE_HOST": "10.0.0.3", "SEQUITUR_RULES_PORT": "tcp://10.0.0.3:80",
        "SEQUITUR_KAFKA_NAME": "/app/kafka", "SEQUITUR_KAFKA_ENV_HEAP": "-Xmx1g",
        "SEQUITUR_KAFKA_CLIENT_ID": "one", "SEQUITUR_LANES": "4", "SEQUITUR_TEST_BOOTSTRAP": "x",
      ])
      #expect(found.kafka.map(\.name) == ["client.id"])
      #expect(found.settings == ["SEQUITUR_LANES": "4"])
      #expect(found.warnings == [])
    }

    @Test func `a property of the environment that librdkafka does not know is named by its variable`()
      async throws
    {
      for (name, value) in [
        ("SEQUITUR_KAFKA_PORT", "9092"), ("SEQUITUR_KAFKA_NO_SUCH_THING", "1"),
        ("SEQUITUR_KAFKA_LINGER_MS", "often"),
        ("SEQUITUR_KAFKA_", "1"),
      ] {
        let result = try await sequitur(["topics", "check"], environment: [name: value])
        #expect(result.exit == .code(2))
        #expect(
          result.standardError.contains("the environment variable \(name) to be"), "\(result.standardError)")
      }
    }

    /// A name, a value, and a word that the fault says besides where it was set.
    @Test(arguments: [
      ("no.such.thing", "1", ["verify"], "to be one that librdkafka takes"),
      ("linger.ms", "often", ["topics", "check"], "linger.ms"),
      ("session.timeout.ms", "30s", ["topics", "create"], "to be one that librdkafka takes"),
      ("sasl.password", "hunter2", ["submit", "/dev/null"], "PLAIN, SCRAM-SHA-256"),
      ("bootstrap.servers", "kafka://h:1", ["verify"], "server"),
      ("acks", "1", ["topics", "check"], "acks=all or -1"),
      ("isolation.level", "read_uncommitted", ["verify"], "isolation.level=read_committed"),
      ("group.id", "mine", ["submit", "/dev/null"], "--application-id"),
      ("message.max.bytes", "1000", ["worker"], "max.message.bytes of the topics"),
      ("partition.assignment.strategy", "range", ["worker"], "--assignment-strategy"),
    ])
    func `a property that is refused is told with where it was set, whatever the source`(
      name: String, value: String, command: [String], word: String
    ) async throws {
      let variable = "SEQUITUR_KAFKA_" + name.uppercased().replacingOccurrences(of: ".", with: "_")
      func expect(_ result: ProgramResult, _ source: String) {
        #expect(result.exit == .code(2))
        #expect(
          result.standardError.contains(source) && result.standardError.contains(word),
          "\(result.standardError)")
        #expect(!result.standardError.contains("hunter2"))
      }
      // What a fault of several properties together needs.
      let others = ["--kafka", "security.protocol=sasl_ssl"]
      let flags = name.hasPrefix("sasl") ? others : []
      expect(try await sequitur(command + flags + ["--kafka", "\(name)=\(value)"]), "--kafka \(name)")
      expect(
        try await sequitur(command + flags, environment: [variable: value]),
        "the environment variable \(variable)")
      try await withFile("settings.yaml", Data("lanes: 2\nkafka:\n  \(name): \"\(value)\"\n".utf8)) { path in
        let result = try await sequitur(command + flags + ["--config", path])
        let isUnknown = name == "no.such.thing"
        #expect(result.standardError.contains("the property at \(path):3:3"), "\(result.standardError)")
        if !isUnknown { expect(result, "\(path):3:3") }
        // A value of a file is never shown.
        for text in ["often", "30s", "kafka://", "read_uncommitted", "hunter2", "no.such.thing"] {
          #expect(!result.standardError.contains(text), "\(result.standardError)")
        }
      }
    }

    @Test func `the source that counts is told, and what it goes over may be anything`() throws {
      func property(_ value: String, _ origin: String) -> Settings.Property {
        Settings.Property(name: "acks", value: value, origin: origin, isFromFile: false)
      }
      let both = SourcedProperties([property("1", "the file"), property("0", "the flag")])
      let fault = #expect(throws: CommandFailure.self) { try both.check(for: .all) }
      #expect(fault?.description.contains("the flag has another value") == true)
      #expect(fault?.description.contains("the file") == false)
      try SourcedProperties([property("1", "the file"), property("all", "the flag")]).check(for: .all)
    }

    @Test func `servers and the protocol they need may stand in one file`() throws {
      func property(_ name: String, _ value: String) -> Settings.Property {
        Settings.Property(name: name, value: value, origin: "f:1:1", isFromFile: true)
      }
      let servers = property("bootstrap.servers", "ssl://secret:9092")
      try SourcedProperties([servers, property("security.protocol", "ssl")]).check(for: .all)
      for other in [[], [property("security.protocol", "plaintext")]] {
        let fault = #expect(throws: CommandFailure.self) {
          try SourcedProperties([servers] + other).check(for: .all)
        }
        #expect(fault?.description.contains("f:1:1") == true)
        #expect(fault?.description.contains("secret") == false)
      }
    }

    @Test(arguments: [
      ("SEQUITUR_LANES", "0", ["worker"]), ("SEQUITUR_PARTITIONS", "0", ["topics", "create"]),
      ("SEQUITUR_MEMORY", "many", ["worker"]), ("SEQUITUR_ENVELOPE", "paper", ["worker"]),
      ("SEQUITUR_LOG_LEVEL", "loud", ["topics", "check"]), ("SEQUITUR_SESSION_TIMEOUT", "15", ["worker"]),
      ("SEQUITUR_ASSIGNMENT_STRATEGY", "best", ["worker"]), ("SEQUITUR_CREATE_TOPICS", "maybe", ["worker"]),
      ("SEQUITUR_REPLICATION_FACTOR", "0", ["topics", "create"]),
    ])
    func `a value of the environment that is not possible is named by its variable`(
      name: String, value: String, command: [String]
    ) async throws {
      let result = try await sequitur(command, environment: [name: value, "SEQUITUR_INSTANCE_ID": ""])
      #expect(result.exit == .code(2))
      #expect(
        result.standardError.contains("Expected the environment variable \(name) to be"),
        "\(result.standardError)")
    }

    @Test func `a value that is no UTF-8 is refused by its variable's name`() async throws {
      for name in ["SEQUITUR_APPLICATION_ID", "SEQUITUR_KAFKA_SASL_PASSWORD", "SEQUITUR_CONFIG"] {
        let result = try await RunningProgram.run(
          "sh",
          arguments: [
            "-c", "export \(name)=$(printf 'a\\377b'); exec \"$0\" topics check",
            try BuiltProgram.find("sequitur"),
          ])
        #expect(result.exit == .code(2))
        #expect(
          result.output.standardError
            == "Expected the environment variable \(name) to be UTF-8, but it is not.\n")
      }
    }

    @Test func `a variable that nobody reads is warned of, with the one that was probably meant`()
      async throws
    {
      let found = try environment([
        "SEQUITUR_LANE": "4", "SEQUITUR_BOOTSTRAP_SERVER": "a", "SEQUITUR_SOMETHING_ELSE_ALTOGETHER": "1",
        "SEQUITUR_X\n\u{1B}": "1", "OTHER": "1",
      ])
      #expect(found.warnings.count == 4)
      let text = found.warnings.joined(separator: "\n")
      #expect(
        text.contains("SEQUITUR_LANE is no setting, and nobody reads it. Did you mean `SEQUITUR_LANES`?"))
      #expect(text.contains("Did you mean `SEQUITUR_BOOTSTRAP_SERVERS`?"))
      #expect(text.contains("SEQUITUR_SOMETHING_ELSE_ALTOGETHER is no setting, and nobody reads it.\n"))
      #expect(!text.contains("\u{1B}"))
      let many = try environment(
        Dictionary(uniqueKeysWithValues: (0..<50).map { ("SEQUITUR_NONSENSE_\($0)", "1") }))
      #expect(many.warnings.count == 11)
      let result = try await sequitur(["rules", "check", "/dev/null"], environment: ["SEQUITUR_LANE": "4"])
      #expect(result.exit == .code(2))
      let check = try await sequitur(
        ["state", "stats", "--state-dir", "/none"], environment: ["SEQUITUR_LANE": "4"])
      #expect(check.standardError.contains("Warning: the environment variable SEQUITUR_LANE is no setting"))
    }
  }
}
