import Foundation
import Testing
import TestBroker

extension SequiturWorkerTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct BadInputTests {
    /// A bad or odd command, and what it must become.
    struct Case: Sendable, CustomTestStringConvertible {
      let name: String
      let command: Command
      let outcome: Outcome

      var testDescription: String { name }

      init(_ name: String, _ command: Command, _ outcome: Outcome) {
        self.name = name
        self.command = command
        self.outcome = outcome
      }
    }

    @Test func `each bad command gets its one documented outcome, and the worker goes on`() async throws {
      let application = try await Application()
      let cases = Self.cases
      let worker = WorkerInProcess(application.configuration())
      try await application.submit(
        cases.map { $0.command.inPartition(0) } + [Command.create("last").inPartition(0)])
      try await application.caughtUp()
      try await worker.stop()
      let audit = try await Audit(of: application)
      #expect(audit.faults.isEmpty)
      for (index, expected) in cases.enumerated() {
        #expect(audit[Int64(index)] == expected.outcome, "\(expected.name)")
      }
      #expect(audit[Int64(cases.count)] == .events(["created"]))
      #expect(worker.log.lines.filter { $0.level >= .warning }.isEmpty)
      try expectBytes(audit, cases)
    }

    /// A rejection carries the command's own bytes and headers; without its payload when that does not fit.
    private func expectBytes(_ audit: Audit, _ cases: [Case]) throws {
      for rejection in audit.rejections {
        let position = try #require(rejection.headers.last { $0.name == "command-position" }?.value)
        let offset = try #require(
          Int(String(decoding: position, as: UTF8.self).split(separator: "/").last ?? ""))
        let command = cases[offset].command
        let name = cases[offset].name
        #expect((rejection.key ?? []) == (command.key ?? []), "\(name)")
        if let omitted = rejection.text("payload-omitted") {
          #expect(rejection.value == nil && omitted == "\(command.payload?.count ?? 0)", "\(name)")
        } else {
          #expect(rejection.value == command.payload, "\(name)")
        }
        let own = rejection.headers.prefix(command.headers.count)
        #expect(own.map(\.name) == command.headers.map(\.name), "\(name)")
        #expect(own.map(\.value) == command.headers.map(\.value), "\(name)")
      }
    }

    private static let create = Array(#"{"customer":"ada","total":1}"#.utf8)

    private static let cases: [Case] = keys + payloads + types + versions + duplicates + large

    private static func command(
      _ key: String, _ payload: [UInt8]? = create, _ headers: [(name: String, value: [UInt8]?)] = [created]
    ) -> Command {
      Command(key: Array(key.utf8), payload: payload, headers: headers)
    }

    private static func command(_ key: String, _ payload: String) -> Command {
      command(key, Array(payload.utf8))
    }

    private static let created: (name: String, value: [UInt8]?) = ("ce_type", Array("create".utf8))

    private static func header(_ name: String, _ value: String) -> (name: String, value: [UInt8]?) {
      (name, Array(value.utf8))
    }

    private static let keys: [Case] = [
      Case("no key", Command(key: nil, payload: create, headers: [created]), .rejection("invalid-key")),
      Case("an empty key", Command(key: [], payload: create, headers: [created]), .rejection("invalid-key")),
      Case("a key of 1,024 bytes", command(String(repeating: "k", count: 1024)), .events(["created"])),
      Case("a key of 1,025 bytes", command(String(repeating: "k", count: 1025)), .rejection("invalid-key")),
      Case(
        "a key that is not UTF-8", Command(key: [0xff, 0xfe, 0], payload: create, headers: [created]),
        .events(["created"])),
    ]

    private static let payloads: [Case] = [
      Case("null", command("p1", nil), .rejection("malformed")),
      Case("empty", command("p2", ""), .rejection("malformed")),
      Case("not JSON", command("p3", "hello"), .rejection("malformed")),
      Case("an array", command("p4", "[1,2]"), .rejection("malformed")),
      Case(
        "nested 10,000 deep",
        command("p5", #"{"customer":"a","total":1,"x":\#(String(repeating: "[", count: 10_000))"#),
        .rejection("malformed")),
      Case(
        "nested 10,000 deep and closed",
        command(
          "p6",
          #"{"x":\#(String(repeating: "[", count: 10_000))\#(String(repeating: "]", count: 10_000))}"#),
        .rejection("malformed")),
      Case(
        "invalid UTF-8", command("p7", Array(#"{"customer":""#.utf8) + [0xc3] + Array(#"","total":1}"#.utf8)),
        .rejection("malformed")),
      Case(
        "a field twice, the last one right", command("p8", #"{"customer":"a","total":"x","total":2}"#),
        .events(["created"])),
      Case(
        "a field twice, the last one wrong", command("p9", #"{"customer":"a","total":2,"total":"x"}"#),
        .rejection("invalid-field")),
      Case(
        "an integer beyond 64 bits", command("p10", #"{"customer":"a","total":99999999999999999999}"#),
        .rejection("invalid-field")),
      Case(
        "an unused number beyond 64 bits",
        command("p11", #"{"customer":"a","total":1,"x":99999999999999999999}"#),
        .events(["created"])),
      Case("a field missing", command("p12", #"{"customer":"a"}"#), .rejection("invalid-field")),
    ]

    private static let types: [Case] = [
      Case("no type", command("t1", create, []), .rejection("unknown-command")),
      Case(
        "a type in the payload",
        command("t2", Array(#"{"type":"create","customer":"a","total":1}"#.utf8), []),
        .events(["created"])),
      Case(
        "an unknown type", command("t3", create, [header("ce_type", "explode")]),
        .rejection("unknown-command")),
      Case("a binary type", command("t4", create, [("ce_type", [0xff, 0])]), .rejection("unknown-command")),
      Case("a null type", command("t5", create, [("ce_type", nil)]), .rejection("unknown-command")),
      Case(
        "a type twice, the last one known", command("t6", create, [header("ce_type", "explode"), created]),
        .events(["created"])),
      Case(
        "a type twice, the last one unknown", command("t7", create, [created, header("ce_type", "explode")]),
        .rejection("unknown-command")),
      Case(
        "binary, null and repeated headers",
        command("t8", create, [created, ("x", [0, 0xff]), ("x", nil), ("x", []), header("é", "ü")]),
        .events(["created"])),
      Case(
        "the same on a rejected command",
        command("t9", [], [created, ("x", [0, 0xff]), ("x", nil), ("x", []), header("é", "ü")]),
        .rejection("malformed")),
      Case(
        "an object that is not there", command("t10", create, [header("ce_type", "pay")]),
        .rejection("not-found")),
      Case("an object that is there", command("t8"), .rejection("invalid-transition")),
    ]

    private static func expecting(_ value: [UInt8]?) -> [(name: String, value: [UInt8]?)] {
      [created, ("expected-version", value)]
    }

    private static let versions: [Case] = [
      Case(
        "a word as version", command("v1", create, expecting(Array("banana".utf8))), .rejection("malformed")),
      Case("a negative version", command("v2", create, expecting(Array("-1".utf8))), .rejection("malformed")),
      Case("a binary version", command("v3", create, expecting([0xff])), .rejection("malformed")),
      Case(
        "a version beyond 64 bits", command("v4", create, expecting(Array("99999999999999999999".utf8))),
        .rejection("malformed")),
      Case(
        "another version", command("v5", create, expecting(Array("5".utf8))), .rejection("version-conflict")),
      Case("no object expected", command("v6", create, expecting(Array("none".utf8))), .events(["created"])),
      Case(
        "an object expected", command("v7", create, expecting(Array("exists".utf8))),
        .rejection("version-conflict")),
      Case("an empty version", command("v8", create, expecting([])), .events(["created"])),
      Case("a null version", command("v9", create, expecting(nil)), .events(["created"])),
      Case(
        "a version twice, the last one wrong",
        command("v10", create, expecting(Array("any".utf8)) + [header("expected-version", "7")]),
        .rejection("version-conflict")),
    ]

    private static let duplicates: [Case] = [
      Case(
        "a command with an id", command("d1", create, [created, ("ce_id", [0xff, 0])]), .events(["created"])),
      Case(
        "its duplicate", command("d1", create, [created, ("ce_id", [0xff, 0])]), .rejection("duplicate")),
    ]

    /// A valid payload of exactly so many bytes.
    private static func payload(of size: Int) -> [UInt8] {
      let head = Array(#"{"customer":"a","total":1,"x":""#.utf8)
      let tail = Array(#""}"#.utf8)
      return head + [UInt8](repeating: UInt8(ascii: "x"), count: size - head.count - tail.count) + tail
    }

    private static let large: [Case] = [
      Case("900 kB", command("l1", payload(of: 900_000)), .events(["created"])),
      Case(
        "900 kB without an end", command("l2", Array(payload(of: 900_000).dropLast())),
        .rejection("malformed")),
      Case("an event beyond the limit", command("l3", payload(of: 999_700)), .rejection("too-large")),
      Case(
        "a command near the topic's limit", command("l4", payload(of: 1_048_000)), .rejection("too-large")),
      Case(
        "the same, and not JSON", command("l5", Array(payload(of: 1_048_000).dropLast())),
        .rejection("malformed")),
    ]
  }
}

extension Command {
  func inPartition(_ partition: Int32) -> Command {
    var command = self
    command.partition = partition
    return command
  }
}
