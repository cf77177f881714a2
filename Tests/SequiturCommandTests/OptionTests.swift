import Foundation
import KafkaClient
import SequiturTopics
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  struct OptionTests {
    private struct Topics: Decodable {
      struct Fault: Decodable {
        let topic: String?
      }
      let faults: [Fault]
    }

    @Test func `help and version are printed with exit code 0`() async throws {
      let help = try await sequitur(["--help"])
      #expect(help.exit == .code(0))
      for word in ["demo", "worker", "topics", "submit", "state", "verify", "rules"] {
        #expect(help.standardOutput.contains(word))
      }
      #expect(try await sequitur(["--version"]).exit == .code(0))
      #expect(try await sequitur(["submit", "--help"]).exit == .code(0))
    }

    @Test(arguments: [
      ["bogus"], ["submit"], ["topics", "check", "--nonsense"], ["submit", "a", "--rate", "x"],
      ["submit", "a", "--rate", "0"], ["submit", "a", "--rate", "1e-300"], ["submit", "a", "--rate", "nan"],
    ])
    func `wrong usage ends with exit code 2`(arguments: [String]) async throws {
      let result = try await sequitur(arguments)
      #expect(result.exit == .code(2))
      #expect(result.standardOutput == "")
      #expect(result.output.standardError.contains("Usage: sequitur"))
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a flag goes over the environment, and that over the file and the default`() async throws {
      let servers = try TestBroker.bootstrap()
      let (a, b, c) = (TestBroker.uniqueName("a"), TestBroker.uniqueName("b"), TestBroker.uniqueName("c"))
      let application = TestBroker.uniqueName("app")
      let yaml = """
        bootstrap-servers: "\(servers)"
        application-id: \(application)
        commands-topic: file
        valid-topic: file
        invalid-topic: \(c)
        kafka: {client.id: test}
        """
      try await withFile("settings.yaml", Data(yaml.utf8)) { path in
        let result = try await sequitur(
          ["topics", "check", "--json", "--config", path, "--commands-topic", a],
          environment: ["SEQUITUR_COMMANDS_TOPIC": "environment", "SEQUITUR_VALID_TOPIC": b])
        #expect(result.exit == .code(1))
        let found = try result.document(Topics.self).faults.compactMap(\.topic)
        #expect(found == [a, b, c, "\(application)-changelog"])
      }
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a JSON file is a configuration file as well, also when the environment names it`() async throws {
      let json =
        #"{"bootstrap-servers": "\#(try TestBroker.bootstrap())", "application-id": "nobody-has-it"}"#
      try await withFile("settings.json", Data(json.utf8)) { path in
        let result = try await sequitur(["topics", "check"], environment: ["SEQUITUR_CONFIG": path])
        #expect(result.output.standardError.contains("nobody-has-it-changelog"))
      }
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `the topics of an application are its own by default`() async throws {
      let application = TestBroker.uniqueName("shop2")
      let result = try await sequitur([
        "topics", "check", "--json", "--bootstrap-servers", TestBroker.bootstrap(), "--application-id",
        application,
      ])
      let found = try result.document(Topics.self).faults.compactMap(\.topic)
      #expect(found == ["commands", "valid", "invalid", "changelog"].map { "\(application)-\($0)" })
    }

    @Test func `every unknown key and wrong type of the file is named with its place`() async throws {
      let yaml = "aplication-id: a\npartitions: many\nrules: 5\nkafka: [1]\ncreate-topics: 7\n"
      try await withFile("settings.yaml", Data(yaml.utf8)) { path in
        let result = try await sequitur(["topics", "check", "--config", path])
        #expect(result.exit == .code(2))
        let text = result.output.standardError
        #expect(text.contains("\(path):1:1: Expected a setting, but found another name"))
        #expect(text.contains("Did you mean `application-id`?"))
        #expect(text.contains("\(path):2:1: Expected partitions to be an integer, but it is text"))
        #expect(text.contains("\(path):3:1: Expected rules to be a text, but it is a number"))
        #expect(text.contains("Expected kafka to be a mapping of librdkafka properties, but it is a list"))
        #expect(text.contains("\(path):5:1: Expected create-topics to be true or false"))
      }
    }

    @Test func `an environment variable of the wrong type is named`() async throws {
      let result = try await sequitur(["topics", "create"], environment: ["SEQUITUR_PARTITIONS": "many"])
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains("SEQUITUR_PARTITIONS to be an integer, but it is `many`"))
    }

    @Test func `a bad librdkafka property is named, and a secret is never shown`() async throws {
      let unknown = try await sequitur(["topics", "check", "--kafka", "no.such.thing=1"])
      #expect(unknown.exit == .code(2))
      #expect(unknown.output.standardError.contains("no.such.thing"))
      let secret = try await sequitur(
        ["topics", "check", "--kafka", "sasl.password=hush", "--kafka", "ssl.key.password.x=hush"],
        environment: ["SEQUITUR_KAFKA_SASL_PASSWORD": "hush"])
      #expect(secret.exit == .code(2))
      #expect(!secret.output.standardError.contains("hush"))
    }

    @Test(arguments: [
      ["topics", "check"], ["topics", "create"], ["verify"], ["submit", "/dev/null"],
      ["worker", "--rules", "/dev/null"],
    ])
    func `a property that would switch a guarantee off is refused by every command`(
      arguments: [String]
    ) async throws {
      for property in ["isolation.level=read_uncommitted", "acks=1", "enable.auto.commit=true"] {
        let result = try await sequitur(arguments + ["--kafka", property])
        #expect(result.exit == .code(2))
        let name = String(property.split(separator: "=")[0])
        #expect(result.output.standardError.contains("Expected \(name)="), "\(result.output.standardError)")
        #expect(!result.output.standardError.contains("__transaction_state"))
      }
    }

    @Test func `a server that is none is said at once, and the cluster is not blamed`() async throws {
      for arguments in [["topics", "check"], ["verify"], ["submit", "/dev/null"]] {
        let result = try await sequitur(
          arguments + ["--bootstrap-servers", "kafka://localhost:9092"], timeout: .seconds(5))
        #expect(result.exit == .code(2))
        #expect(result.output.standardError.contains("kafka://"), "\(result.output.standardError)")
        #expect(!result.output.standardError.contains("Check that the broker runs"))
      }
    }

    @Test(arguments: [["topics", "check"], ["verify"], ["submit", "/dev/null"]])
    func `a wrong password is said as that by every command`(arguments: [String]) async throws {
      let peer = try ScriptedPeer(.refusingPassword)
      let result = try await sequitur(
        arguments + [
          "--bootstrap-servers", peer.bootstrap, "--kafka", "security.protocol=sasl_plaintext", "--kafka",
          "sasl.mechanism=PLAIN", "--kafka", "sasl.username=u", "--kafka", "sasl.password=hunter2",
        ])
      #expect(result.exit == .code(2))
      let text = result.output.standardError
      for word in ["SASL authentication error", "Invalid username or password", "sasl.password"] {
        #expect(text.contains(word), "\(text)")
      }
      #expect(!text.contains("hunter2"))
    }

    @Test(arguments: [
      ["topics", "check"], ["topics", "create"], ["verify"], ["submit", "/dev/null"],
      ["submit", "/dev/null", "--wait"], ["worker", "--rules", "/dev/null"],
    ])
    func `a name that no topic can have is refused by every command, with where it was set`(
      arguments: [String]
    ) async throws {
      for id in ["a/b", String(repeating: "i", count: 241), ""] {
        for (flags, environment, source) in [
          (["--application-id", id], [:], "--application-id"),
          ([], ["SEQUITUR_APPLICATION_ID": id], "the environment variable SEQUITUR_APPLICATION_ID"),
        ] as [([String], [String: String], String)] {
          // Nobody is asked: no broker is there.
          let result = try await sequitur(
            arguments + ["--bootstrap-servers", "127.0.0.1:1"] + flags, environment: environment,
            timeout: .seconds(5))
          #expect(result.exit == .code(2))
          #expect(result.standardError.contains("Expected \(source) to"), "\(result.standardError)")
          #expect(!result.standardError.contains("does not exist"))
        }
      }
      for name in [".", "..", "a b", "ä"] {
        let result = try await sequitur(
          arguments + ["--bootstrap-servers", "127.0.0.1:1", "--commands-topic", name], timeout: .seconds(5))
        #expect(result.exit == .code(2))
        #expect(
          result.standardError.contains("Expected --commands-topic to be one that a topic can have"),
          "\(result.standardError)")
      }
    }

    @Test func `a topic that is named alone is judged like the others`() throws {
      for name in ["a/b", "", "."] {
        let fault = #expect(throws: TopicFault.self) {
          try TopicLookUp.metadata(name, kafka: ["bootstrap.servers": "127.0.0.1:1"], logger: quiet)
        }
        #expect(fault?.description.contains("Expected a topic's name") == true)
      }
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a missing topic is said with the right that looks the same`() async throws {
      let servers = try TestBroker.bootstrap()
      for arguments in [["topics", "check"], ["verify"], ["submit", "/dev/null"]] {
        let name = TestBroker.uniqueName("absent")
        let result = try await sequitur(
          arguments + ["--bootstrap-servers", servers, "--commands-topic", name, "--application-id", name])
        let text = result.output.standardError
        #expect(result.exit != .code(0))
        #expect(text.contains("--operation Describe --topic \(name)"), "\(text)")
      }
    }

    @Test(arguments: [["topics", "check"], ["verify"], ["submit", "/dev/null"]])
    func `an unreachable broker is said within 15 seconds, with exit code 2`(arguments: [String]) async throws
    {
      let port = try FreePort.find()
      let result = try await sequitur(
        arguments + ["--bootstrap-servers", "127.0.0.1:\(port)"], timeout: .seconds(15))
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains("answer from the Kafka cluster at 127.0.0.1:\(port)"))
      #expect(result.standardOutput == "")
    }
  }
}
