import Foundation
import KafkaClient
import SequiturTopics
import TestBroker
import Testing

@testable import SequiturWorker

/// Names that no topic can have.
struct TopicNameTests {
  @Test(
    arguments: [
      ("orders", nil), ("a", nil), ("...", nil), ("_a.B-9", nil), (String(repeating: "a", count: 249), nil),
      ("", "it is empty"), (".", "it is `.`"), ("..", "it is `..`"), ("a/b", "it has `/`"),
      ("a b", "it has a space"),
      ("ä", "it has `ä`"), ("a\u{1B}", #"it has `\u{1B}`"#), ("a\n", #"it has `\n`"#), ("a:b", "it has `:`"),
      (String(repeating: "a", count: 250), "it has 250 characters"),
    ] as [(String, String?)])
  func `Kafka's rule for topic names is known`(name: String, fault: String?) {
    #expect(TopicName.fault(name) == fault)
  }

  @Test(arguments: [
    ("a/b", "it has `/`"), (String(repeating: "x", count: 240), "it has 250 characters"),
    ("shop 1", "it has a space"),
    ("größe", "it has `ö`"), ("../x", "it has `/`"), ("a\u{1B}[2J", #"it has `\u{1B}`"#),
  ])
  func `an application id that makes no topic names is told once, with the rule and the cure`(
    id: String, reason: String
  ) {
    let faults = TopicNames(applicationID: id).nameFaults(of: id)
    #expect(faults.map(\.kind) == [.name])
    let text = faults.first?.description ?? ""
    for part in ["the application id", reason, "1 to 249 of the characters", "--application-id"] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(!text.contains("\u{1B}") && text.utf8.count < 1_000)
  }

  @Test func `an id may be anything that names a group when each topic is named`() {
    var names = TopicNames(applicationID: "shop")
    #expect(names.nameFaults(of: "a/b").isEmpty)
    names.valid = "a b"
    names.changelog = ".."
    let faults = names.nameFaults(of: "a/b") { "--\($0)" }
    #expect(faults.map(\.topic) == ["a b", ".."])
    #expect(faults.first?.description.hasPrefix("Expected --valid to be one that a topic can have") == true)
    #expect(names.nameFaults(of: "a/b", in: [.commands, .invalid]).isEmpty)
    #expect(names.nameFaults(of: "").count == 1)
    #expect(names.nameFaults(of: String(repeating: "a", count: 249), in: [.commands]).isEmpty)
    let long = names.nameFaults(of: String(repeating: "a", count: 40_000), in: [.commands])
    #expect(long.first?.description.contains("it has 40,000") == true)
  }

  @Test(arguments: ["a/b", "", String(repeating: "a", count: 300)])
  func `a worker of the library does not start, and asks no broker for such topics`(id: String) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("names"))
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = WorkerConfiguration(applicationID: id)
    // Nobody is there: to ask would be another fault.
    configuration.bootstrapServers = "127.0.0.1:\(try FreePort.find())"
    configuration.stateDirectory = directory.path
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await WorkerInProcess(configuration).ended()
    }
    #expect(fault?.reasons.count == 1, "\(fault?.description ?? "")")
    #expect(fault?.description.contains("--application-id") == true)
    for shape in [nil, TopicShape(partitions: 1)] {
      let setup = TopicSetup(
        topics: TopicNames(applicationID: id), of: id, kafka: configuration.adminProperties, logger: quiet)
      let report = if let shape { await setup.create(shape) } else { await setup.check() }
      #expect(report.faults.map(\.kind) == [.name])
    }
  }

  @Test func `an instance id that is too long is refused by its name`() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("names"))
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = WorkerConfiguration(applicationID: "shop")
    configuration.bootstrapServers = "127.0.0.1:\(try FreePort.find())"
    configuration.stateDirectory = directory.path
    configuration.instanceID = String(repeating: "i", count: 40_000)
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await WorkerInProcess(configuration).ended()
    }
    let text = fault?.description ?? ""
    #expect(
      text.contains("at most 249 bytes, but it has 40,000") && text.contains("--instance-id"), "\(text)")
    #expect(text.utf8.count < 2_000)
  }
}
