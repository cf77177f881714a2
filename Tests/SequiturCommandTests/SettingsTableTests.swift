import Foundation
import Logging
import PartitionEngine
import Sequitur
import SequiturSettings
import SequiturTopics
import SequiturWorker
import TestBroker
import Testing

/// The table of settings says what the code does, and the documentation what the table says.
struct SettingsTableTests {
  private func standard(_ key: SettingKey) -> String? { key.setting.standard }

  @Test func `what the help calls a default is one`() {
    let configuration = WorkerConfiguration(lanes: 1)
    #expect(standard(.bootstrapServers) == configuration.bootstrapServers)
    #expect(standard(.applicationID) == configuration.applicationID)
    let names = TopicNames(applicationID: "<application-id>")
    #expect(
      [.commandsTopic, .validTopic, .invalidTopic, .changelogTopic].map(standard)
        == [names.commands, names.valid, names.invalid, names.changelog])
    #expect(standard(.stateDirectory) == configuration.stateDirectory)
    #expect(standard(.envelope) == configuration.envelope.rawValue)
    #expect(standard(.assignmentStrategy) == configuration.assignmentStrategy.rawValue)
    #expect(standard(.memory).flatMap(ByteCount.parse) == configuration.memoryBytes)
    #expect(standard(.partitions) == "\(TopicShape().partitions)")
    #expect(
      standard(.crashGuard) == (configuration.guardsAgainstCrashes ? "--crash-guard" : "--no-crash-guard"))
    #expect(standard(.createTopics) == (configuration.topicCreation == nil ? "--no-create-topics" : ""))
  }

  @Test func `what the help calls a time-out's default is one`() {
    let timeouts = WorkerTimeouts()
    let expected: [SettingKey: Duration] = [
      .sessionTimeout: timeouts.session, .heartbeatInterval: timeouts.heartbeat,
      .transactionTimeout: timeouts.transaction, .maxPollInterval: timeouts.pollInterval,
      .revokeTimeout: timeouts.revoke, .callTimeout: timeouts.call, .startupTimeout: timeouts.startup,
      .restoreTimeout: timeouts.restoreProgress,
    ]
    let keys = SettingKey.allCases.filter { $0.kind == .duration && $0 != .forgetAfter }
    #expect(Set(keys) == Set(expected.keys))
    for key in keys {
      #expect(standard(key).flatMap(DurationText.parse) == expected[key], "\(key.rawValue)")
    }
  }

  @Test func `what the help says of repeated commands is so`() {
    let limits = Limits()
    #expect(standard(.recentIDs) == "\(limits.recentCommandIDsMax)")
    #expect(SettingKey.recentIDs.kind == .integer(0...Limits.recentCommandIDsLimit))
    #expect(standard(.forgetAfter).flatMap(DurationText.parse) == limits.forgetAfter)
    #expect(DurationText.parse("168h") == Limits.forgetAfterMax)
  }

  @Test func `words and bounds are those that the worker takes`() {
    #expect(SettingKey.assignmentStrategy.kind == .choice(AssignmentStrategy.allCases.map(\.rawValue)))
    #expect(SettingKey.logLevel.kind == .choice(Logger.Level.allCases.map(\.rawValue)))
    #expect(SettingKey.lanes.kind == .integer(1...WorkerConfiguration.lanesMax))
    #expect(SettingKey.memory.kind == .size(atLeast: MemoryBudget.bytesMin))
    guard case .choice(let words) = SettingKey.envelope.kind else {
      Issue.record("an envelope is one of some words")
      return
    }
    #expect(words.allSatisfy { Envelope(rawValue: $0) != nil })
  }

  @Test func `no two settings have the same property of librdkafka, and each help is a sentence`() {
    let properties = SettingKey.allCases.compactMap { key -> String? in
      if case .property(let name) = key.setting.destination { name } else { nil }
    }
    #expect(Set(properties).count == properties.count)
    for key in SettingKey.allCases { #expect(key.setting.text.hasSuffix("."), "\(key.rawValue)") }
  }

  /// Rows like `| `--session-timeout` | `15s` | `session.timeout.ms` |`.
  @Test func `docs/rebalancing.md says of each time-out what the table says`() throws {
    let url = PackageRoot.url.appending(path: "docs/rebalancing.md")
    let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").compactMap { line in
      line.wholeMatch(of: /\| `--(.+?)` \| (.+?) \| (.+?) \|/).map { ($0.1, $0.2, $0.3) }
    }
    let documented = Dictionary(rows.map { (String($0.0), ($0.1, $0.2)) }) { first, _ in first }
    for key in SettingKey.allCases
    where key.kind == .duration && key != .forgetAfter || key == .assignmentStrategy {
      let (standard, property) = try #require(documented[key.rawValue], "\(key.rawValue)")
      #expect(standard == "`\(key.setting.standard ?? "")`")
      switch key.setting.destination {
      case .property(let name): #expect(property.hasPrefix("`\(name)`"), "\(key.rawValue)")
      case .own: #expect(property == "–", "\(key.rawValue)")
      }
    }
  }
}

extension SequiturCommandTests {
  /// Values out of range, whatever they come from.
  struct SettingsRangeTests {
    @Test(arguments: [
      ("lanes", "65", "to be 1 to 64, but it is 65."), ("lanes", "0", "to be 1 to 64, but it is 0."),
      ("lanes", "many", "to be an integer, but it is `many`."),
      ("envelope", "xml", "to be cloudevents or compact, but it is `xml`."),
      ("memory", "31MB", "to be 32MB or more, like 512MB or 2GB, but it is `31MB`."),
      ("assignment-strategy", "sticky", "to be range or cooperative-sticky, but it is `sticky`."),
      (
        "log-level", "loud",
        "to be one of trace, debug, info, notice, warning, error, critical, but it is `loud`."
      ),
      ("session-timeout", "15", "to be a time like 500ms, 15s or 2m, but it is `15`."),
      ("recent-ids", "256", "to be 0 to 255, but it is 256."),
      ("forget-after", "169h", "to be at most 168h, but it is more."),
      ("forget-after", "12", "to be a time like 500ms, 15s or 2m, but it is `12`."),
      ("create-topics", "perhaps", "to be true or false, but it is `perhaps`."),
    ])
    func `a variable's value out of range is told with the variable and the range`(
      name: String, value: String, told: String
    ) async throws {
      let variable = try #require(SettingKey(rawValue: name)).environmentName
      let result = try await sequitur(
        ["worker", "--rules", "none.yaml", "--bootstrap-servers", "127.0.0.1:1"],
        environment: [variable: value])
      #expect(result.exit == .code(2))
      #expect(
        result.standardError.contains("Expected the environment variable \(variable) \(told)"),
        "\(result.standardError)")
    }

    @Test(arguments: [
      ("partitions", "0", "--partitions to be 1 to 10000, but it is 0."),
      ("partitions", "10001", "--partitions to be 1 to 10000, but it is 10001."),
      (
        "replication-factor", "101",
        "--replication-factor to be 1 to 100, or -1 for the cluster's default, but it is 101."
      ),
    ])
    func `a flag's value out of range is told with the flag and the range`(
      name: String, value: String, told: String
    ) async throws {
      let result = try await sequitur([
        "topics", "create", "--\(name)", value, "--bootstrap-servers", "127.0.0.1:1",
      ])
      #expect(result.exit == .code(2))
      #expect(result.standardError.contains("Expected \(told)"), "\(result.standardError)")
    }
  }
}
