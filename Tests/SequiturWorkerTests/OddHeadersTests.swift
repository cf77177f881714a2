import Foundation
import KafkaClient
import Sequitur
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Headers that nobody expects, through a worker and past `sequitur verify`.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct OddHeadersTests {
    /// One more than librdkafka reads.
    private static let tooMany = (0...100_000).map { _ in (name: "x", value: [UInt8]?.none) }

    private func outcomes(
      of commands: [Command], _ envelope: Envelope = .cloudevents, again: Bool = false
    ) async throws -> (valid: [Record], invalid: [Record]) {
      let application = try await Application()
      let rules = try application.writeOrderRules()
      try await application.submit(commands)
      var configuration = application.configuration()
      configuration.envelope = envelope
      try await WorkerInProcess.runUntilCaughtUp(configuration)
      if again {
        // Everything that was rejected is sent once more, as it stands there.
        let rejected = try await application.read(application.topics.invalid)
        try await application.submit(
          rejected.map { Command(key: $0.key, payload: $0.value, headers: $0.headers) })
        try await WorkerInProcess.runUntilCaughtUp(configuration)
      }
      let verified = try await Verified(application, rules: rules)
      #expect(verified.faults.isEmpty, "\(verified.faults)")
      return (
        try await application.read(application.topics.valid),
        try await application.read(application.topics.invalid)
      )
    }

    @Test func `headers that cannot be read make a command malformed`() async throws {
      var twice = Command("a", "create", #"{"customer":"ada","total":1}"#, id: "one")
      twice.headers += [("expected-version", Array("7".utf8))] + Self.tooMany
      var keyless = twice
      keyless.key = nil
      let (valid, invalid) = try await outcomes(of: [twice, keyless, .create("a")])
      #expect(invalid.map { $0.text("rejection-code") } == ["malformed", "invalid-key"])
      #expect(invalid[0].text("rejection-reason")?.contains("headers that can be read") == true)
      #expect(invalid[0].value == twice.payload)
      #expect(valid.map { $0.text("ce_sequence") } == ["1"])
    }

    @Test(arguments: [Envelope.cloudevents, .compact])
    func `commands that carry the worker's headers, and rejections that are sent again`(
      envelope: Envelope
    ) async throws {
      let names = [
        "payload-omitted", "key-cut", "rejection-code", "rejection-reason", "object-version",
        "command-position",
        "command-timestamp", "rejection-source", "original-version", "ce_source", "ce_sequence", "CE_ID",
        "Ce_Time",
        "Content-Type", "ce_datacontenttype", "ce_causationid", "ce_subject", "ce_specversion",
      ]
      let more = names.map { (name: $0, value: [UInt8]?.some(Array("5".utf8))) }
      var good = Command.create("a")
      good.headers += more
      var bad = Command("a", "create", "{")
      bad.headers = more + bad.headers
      var unknown = Command("b", "pay")
      unknown.headers += more
      let (valid, invalid) = try await outcomes(of: [good, bad, unknown], envelope, again: true)
      #expect(valid.map { $0.text("ce_sequence") } == ["1"])
      #expect(valid[0].text("ce_source") == (envelope == .compact ? nil : valid[0].text("ce_source")))
      // Each once, and once more when it was sent again with what the first rejection added.
      #expect(invalid.count == 4)
      #expect(invalid[2].headers.count > invalid[0].headers.count)
    }

    @Test func `a command in structured mode is malformed, and its event is never mistaken`() async throws {
      var commands = ["application/cloudevents+json", "Application/CloudEvents-Batch+JSON; charset=utf-8"].map
      { type in
        var command = Command.create("a")
        command.headers.append(("content-type", Array(type.utf8)))
        return command
      }
      var odd = Command.create("b")
      odd.headers += [
        ("Content-Type", Array("application/cloudevents+json".utf8)),
        ("content-type", Array("text/plain".utf8)),
      ]
      commands.append(odd)
      let (valid, invalid) = try await outcomes(of: commands)
      #expect(invalid.map { $0.text("rejection-code") } == ["malformed", "malformed"])
      #expect(valid.count == 1)
      #expect(valid[0].text("content-type") == "text/plain")
      #expect(!valid[0].headers.contains { $0.name == "Content-Type" })
    }

    @Test func `where the broker sets the times, the outcomes are right all the same`() async throws {
      let application = try await Application(createsTopics: false)
      try await onThread {
        let new = application.topics.all.map { name in
          NewTopic(
            name: name, partitions: 1, replicationFactor: 1,
            configuration: [
              "message.timestamp.type": "LogAppendTime",
              "cleanup.policy": name == application.topics.changelog ? "compact" : "delete",
            ])
        }
        for result in try application.admin.createTopics(new, timeout: .seconds(20)) {
          if let error = result.error { throw error }
        }
      }
      try await eventually("the topics to be there") {
        try await onThread {
          let metadata = try application.admin.metadata(timeout: .seconds(10))
          return application.topics.all.allSatisfy { metadata.topic($0)?.partitions.count == 1 }
        }
      }
      let rules = try application.writeOrderRules()
      try await application.submit(.create("a"), .amend("a", total: 2), Command("b", "pay"))
      try await WorkerInProcess.runUntilCaughtUp(application.configuration())
      let verified = try await Verified(application, rules: rules)
      #expect(verified.faults.isEmpty, "\(verified.faults)")
      #expect(try await application.read(application.topics.valid).count == 2)
    }

    /// Times a producer may set: none, the epoch, 40 days ago, and the year 2100.
    @Test func `rejections and the changelog have the time of their writing, events their command's`()
      async throws
    {
      let start = Int64(Date().timeIntervalSince1970 * 1000)
      let times: [Int64] = [-1, start - 40 * 86_400_000, 4_102_444_800_000, start]
      let application = try await Application()
      var commands: [Command] = []
      for (index, time) in times.enumerated() {
        for var command in [
          Command.create("order-\(index)"), Command("none-\(index)", "pay"),
          Command("order-\(index)", "purge"),
        ] {
          command.timestamp = time
          commands.append(command)
        }
      }
      let rules = try application.writeOrderRules()
      try await application.submit(commands)
      try await WorkerInProcess.runUntilCaughtUp(application.configuration())
      let read = try await application.read(application.topics.commands)
      let sent = read.map(\.timestamp)
      #expect(sent == times.flatMap { [$0, $0, $0] })
      let end = Int64(Date().timeIntervalSince1970 * 1000)
      let invalid = try await application.read(application.topics.invalid)
      #expect(invalid.map { $0.text("command-timestamp") } == times.map { "\($0)" })
      #expect(invalid.allSatisfy { (start...end).contains($0.timestamp) })
      let changelog = try await application.read(application.topics.changelog)
      #expect(changelog.contains { $0.value == nil })
      #expect(changelog.allSatisfy { (start...end).contains($0.timestamp) })
      let valid = try await application.read(application.topics.valid)
      // Events of a command without a time have that of their writing too.
      #expect(valid.prefix(2).allSatisfy { (start...end).contains($0.timestamp) })
      #expect(valid.dropFirst(2).map(\.timestamp) == times.dropFirst().flatMap { [$0, $0] })
      let verified = try await Verified(application, rules: rules)
      #expect(verified.faults.isEmpty, "\(verified.faults)")
    }
  }
}
