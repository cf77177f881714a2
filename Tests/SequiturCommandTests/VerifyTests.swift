import Foundation
import TestBroker
import Testing

/// What `verify --json` prints.
struct VerifyReport: Decodable {
  struct Fault: Decodable {
    let kind: String
    let offset: Int64?
    let sentence: String
    let count: Int
  }
  let commands, events, rejections, objects, pending: Int
  let eventTypes, rejectionCodes: [String: Int]
  let eventsDigest: String
  let statesDigest: String?
  let faultCount: Int
  let faults: [Fault]
  let deciders: [String: Int]
  let notes: [String]

  var kinds: Set<String> { Set(faults.map(\.kind)) }
}

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct VerifyTests {
    /// Two objects and a rejection, all right:
    /// 0 created a 1 · 1 paid a 2 · 2 rejection of a · 3 created b 1 · 4 state a · 5 state b · 6 checkpoint.
    private func goodOutputs(_ log: AuditLog) -> [AuditLog.Output] {
      [
        log.event(key: "a", version: 1, type: "created", command: 0),
        log.event(key: "a", version: 2, type: "paid", command: 1),
        log.rejection(key: "a", code: "invalid-transition", type: "create", version: 2, command: 2),
        log.event(key: "b", version: 1, type: "created", command: 3),
        log.state(key: "a", version: 2, #"{"status":"paid"}"#),
        log.state(key: "b", version: 1, #"{"status":"open"}"#),
        log.checkpoint(4),
      ]
    }

    private let commands = [
      ("a", "create", "{}"), ("a", "pay", "{}"), ("a", "create", "{}"), ("b", "create", "{}"),
    ]

    /// The report on a log that is right but for what `change` did to its outputs.
    private func verify(
      _ arguments: [String] = [], expecting code: Int32 = 1, carrying headers: [(String, String)] = [],
      _ change: (AuditLog, inout [AuditLog.Output]) throws -> Void
    ) async throws -> VerifyReport {
      let log = try AuditLog()
      try log.submit(commands, carrying: headers)
      var outputs = goodOutputs(log)
      for index in outputs.indices where outputs[index].topic != .changelog {
        // A rejection carries all of its command's headers and an event most, right behind traceparent or at the end.
        let isEvent = outputs[index].topic == .valid
        let carried = headers.filter { !isEvent || !Self.isOfEvent($0.0) }
        let place = isEvent ? outputs[index].headers.endIndex : 2
        outputs[index].headers.insert(contentsOf: carried.map { (name: $0.0, value: $0.1) }, at: place)
      }
      try change(log, &outputs)
      try log.write(outputs)
      let result = try await sequitur(["verify", "--json"] + arguments + log.topics.arguments)
      #expect(result.exit == .code(code), "\(result)")
      return try result.document(VerifyReport.self)
    }

    @Test func `a right log has no fault, and its counts and digests are told`() async throws {
      let report = try await verify(expecting: 0) { _, _ in }
      #expect(report.faultCount == 0)
      #expect((report.commands, report.events, report.rejections, report.objects) == (4, 3, 1, 2))
      #expect(report.eventTypes == ["created": 2, "paid": 1])
      #expect(report.rejectionCodes == ["invalid-transition": 1])
      // printf 'a\t1\tcreated\na\t2\tpaid\nb\t1\tcreated\n' | sha256sum
      #expect(report.eventsDigest == "1ffdc03bbdc17d41fbaae233649603f7288bafedf0dbc9157a1eea5d36e82883")
      // printf 'a\t2\tpaid\nb\t1\topen\n' | sha256sum
      #expect(report.statesDigest == "0d60b104244885858279347baac91ea968394e0c1f7798d53dc0a0d3e157835d")
    }

    @Test func `the compact envelope is right`() async throws {
      let report = try await verify(expecting: 0) { _, outputs in
        for index in outputs.indices where outputs[index].topic == .valid {
          outputs[index].headers.removeAll { !["ce_id", "ce_type", "ce_sequence"].contains($0.name) }
        }
      }
      #expect(report.faultCount == 0)
    }

    @Test func `several events of one command are one outcome`() async throws {
      let report = try await verify(expecting: 0) { log, outputs in
        outputs[3...3] = [
          log.event(key: "b", version: 1, type: "created", command: 3),
          log.event(key: "b", version: 2, type: "paid", command: 3, index: 1),
        ]
        outputs[6] = log.state(key: "b", version: 2, #"{"status":"paid"}"#)
      }
      #expect(report.events == 4)
    }

    @Test func `a command without outcome is found`() async throws {
      let report = try await verify { _, outputs in outputs.remove(at: 2) }
      #expect(report.kinds == ["missing-outcome"])
      #expect(report.faults.first?.offset == 2)
    }

    @Test func `a second outcome is found, of the same kind and of the other`() async throws {
      let twice = try await verify { log, outputs in
        outputs.insert(log.rejection(key: "a", code: "x-y", type: "create", version: 2, command: 2), at: 3)
      }
      #expect(twice.kinds == ["double-outcome"])
      let both = try await verify { log, outputs in
        outputs.insert(log.rejection(key: "b", code: "x-y", type: "create", version: 1, command: 3), at: 4)
      }
      #expect(both.kinds == ["double-outcome"])
      let again = try await verify { _, outputs in outputs.insert(outputs[3], at: 4) }
      #expect(again.kinds.contains("double-outcome"))
    }

    @Test func `a gap in the versions is found`() async throws {
      let report = try await verify { _, outputs in outputs[1].set("ce_sequence", "3") }
      #expect(report.kinds.contains("version"))
      #expect(report.faults.contains { $0.sentence.contains("Expected version 2 of a, but found 3") })
    }

    @Test func `a repeated version is found`() async throws {
      let report = try await verify { _, outputs in outputs[1].set("ce_sequence", "1") }
      #expect(report.kinds.contains("version"))
      #expect(report.faultCount >= 1)
    }

    @Test func `a new beginning at version 1 is right after a tombstone`() async throws {
      let report = try await verify(expecting: 0) { log, outputs in
        outputs[1].set("ce_sequence", "1")
        outputs[2].set("object-version", "1")
        outputs[4] = log.state(key: "a", version: 1, #"{"status":"open"}"#)
        outputs.insert(log.state(key: "a", version: 0, nil), at: 4)
      }
      #expect(report.faultCount == 0)
    }

    @Test func `outcomes in another order than their commands are found`() async throws {
      let report = try await verify { _, outputs in outputs.swapAt(1, 3) }
      // The rejection between them then seems to name a version that is not there yet.
      #expect(report.kinds.isSubset(of: ["outcome-order", "rejection"]))
      #expect(report.kinds.contains("outcome-order"))
    }

    @Test func `an event with another key is found`() async throws {
      let report = try await verify { log, outputs in
        outputs[3].key = Array("c".utf8)
        outputs[3].set("ce_subject", "c")
      }
      #expect(report.kinds.contains("key"))
    }

    @Test func `a rejection whose bytes were changed is found`() async throws {
      let value = try await verify { _, outputs in outputs[2].value = Array("{ }".utf8) }
      #expect(value.kinds == ["rejection"])
      let header = try await verify { _, outputs in outputs[2].headers[1].value = "00-2" }
      #expect(header.kinds == ["rejection"])
      let version = try await verify { _, outputs in outputs[2].set("object-version", "1") }
      #expect(version.kinds == ["rejection"])
    }

    @Test(arguments: [
      "ce_specversion", "ce_source", "ce_subject", "ce_time", "ce_causationid", "ce_type", "traceparent",
    ])
    func `a missing header of an event is found`(name: String) async throws {
      let report = try await verify { _, outputs in outputs[3].set(name, nil) }
      #expect(report.kinds == ["envelope"])
    }

    private static func isOfEvent(_ name: String) -> Bool {
      let name = name.lowercased()
      return [
        "ce_id", "ce_type", "ce_sequence", "ce_specversion", "ce_source", "ce_subject", "ce_time",
        "ce_causationid",
        "content-type", "expected-version", "ce_datacontenttype",
      ].contains(name)
    }

    /// Names of the worker's headers, with values that a worker would not write for these commands.
    private static let worker = [
      ("payload-omitted", "5"), ("key-cut", "9"), ("rejection-code", "malformed"), ("rejection-reason", ""),
      ("object-version", "77"), ("command-position", "elsewhere/9/9"), ("command-timestamp", "1"),
      ("rejection-source", "/elsewhere"), ("original-version", "66"), ("ce_source", "/elsewhere"),
      ("ce_sequence", "12"), ("CE_ID", "x"), ("ce_time", "never"), ("ce_datacontenttype", "text/plain"),
    ]

    @Test func `headers that commands carry are not taken for the worker's`() async throws {
      let report = try await verify(expecting: 0, carrying: Self.worker) { _, _ in }
      #expect(report.faultCount == 0)
      #expect(report.rejectionCodes == ["invalid-transition": 1])
    }

    @Test func `headers that commands carry excuse nothing`() async throws {
      let size = [("payload-omitted", "2")]
      let dropped = try await verify(carrying: size) { _, outputs in outputs[2].value = nil }
      #expect(dropped.kinds == ["rejection"])
      let key = try await verify(carrying: [("key-cut", "1")]) { _, outputs in outputs[2].key = [] }
      #expect(key.kinds.contains("rejection"))
      let version = try await verify(carrying: [("object-version", "2")]) { _, outputs in
        outputs[2].headers.removeAll { $0.name == "object-version" && $0.value == "2" }
        outputs[2].headers.insert(("object-version", "2"), at: 2)
      }
      #expect(version.kinds == ["rejection"])
      let position = try await verify { log, outputs in
        // The command's own header is right, by chance or on purpose, and the worker's is missing.
        let own = outputs[2].headers.firstIndex { $0.name == "command-position" }!
        outputs[2].headers.insert(outputs[2].headers.remove(at: own), at: 0)
      }
      #expect(position.kinds.isSuperset(of: ["stray-outcome", "missing-outcome"]))
      let headers = try await verify(carrying: [("x", "1")]) { _, outputs in
        outputs[2].headers.removeAll { $0.name == "x" }
      }
      #expect(headers.kinds == ["rejection"])
    }

    @Test(arguments: ["ce_id", "CE_ID", "ce_sequence", "content-type", "Ce_Source", "ce_datacontenttype"])
    func `an event that carries a name of its own a second time is found`(name: String) async throws {
      let report = try await verify { log, outputs in
        outputs[3].headers.append((name, "application/cloudevents+json"))
      }
      #expect(report.kinds == ["envelope"])
    }

    @Test func `a compact event that carries something is found`() async throws {
      let report = try await verify { _, outputs in
        for index in outputs.indices where outputs[index].topic == .valid {
          outputs[index].headers.removeAll { !["ce_id", "ce_type", "ce_sequence"].contains($0.name) }
        }
        outputs[3].headers.append(("traceparent", "00-1"))
      }
      #expect(report.kinds == ["envelope"])
      #expect(report.faultCount == 1)
    }

    @Test func `a wrong time is found`() async throws {
      let event = try await verify { _, outputs in outputs[3].set("ce_time", "2023-11-14T22:13:20.123Z") }
      #expect(event.kinds == ["envelope"])
      let rejection = try await verify { _, outputs in outputs[2].set("command-timestamp", "7") }
      #expect(rejection.kinds == ["rejection"])
      // Older versions did not write it.
      let older = try await verify(expecting: 0) { _, outputs in
        outputs[2].set("command-timestamp", nil)
        outputs[2].set("rejection-source", nil)
      }
      #expect(older.faultCount == 0)
    }

    @Test func `outcomes of another application are found`() async throws {
      let rejection = try await verify { _, outputs in outputs[2].set("rejection-source", "/shop2") }
      #expect(rejection.kinds == ["rejection"])
      let event = try await verify { _, outputs in outputs[3].set("ce_source", "/shop2") }
      #expect(event.kinds == ["envelope"])
      for name in ["application", "commands-topic"] {
        let checkpoint = try await verify { _, outputs in outputs[6].set(name, "shop2") }
        #expect(checkpoint.kinds == ["checkpoint"])
      }
    }

    @Test func `an event that names another partition or no command is found`() async throws {
      let report = try await verify { log, outputs in outputs[3].set("ce_id", "\(log.topics.commands)/1/3/0")
      }
      #expect(report.kinds.contains("stray-outcome"))
      #expect(report.kinds.contains("missing-outcome"))
    }

    @Test func `a changelog behind the events is found`() async throws {
      let behind = try await verify { log, outputs in
        outputs[4] = log.state(key: "a", version: 1, #"{"status":"open"}"#)
      }
      #expect(behind.kinds == ["state"])
      let lost = try await verify { _, outputs in outputs.remove(at: 5) }
      #expect(lost.kinds == ["state"])
      let extra = try await verify { log, outputs in
        outputs.insert(log.state(key: "z", version: 1, #"{"status":"open"}"#), at: 5)
      }
      #expect(extra.kinds == ["state"])
    }

    @Test func `a checkpoint behind its outcomes, going back or unreadable is found`() async throws {
      let behind = try await verify { log, outputs in outputs[6] = log.checkpoint(3) }
      #expect(behind.kinds == ["checkpoint"])
      let back = try await verify { log, outputs in
        outputs.insert(log.checkpoint(5), at: 4)
      }
      #expect(back.kinds == ["checkpoint"])
      let broken = try await verify { _, outputs in
        outputs.insert(outputs[6], at: 6)
        outputs[6].value = Array("{}".utf8)
      }
      #expect(broken.kinds == ["checkpoint"])
    }

    @Test func `records of an aborted transaction do not count`() async throws {
      let report = try await verify(expecting: 0) { log, outputs in
        try log.write(outputs + [log.event(key: "q", version: 9, type: "no", command: 0)], commits: false)
      }
      #expect(report.faultCount == 0)
      #expect(report.events == 3)
    }

    @Test func `commands behind the checkpoint are pending, which can be allowed`() async throws {
      let pending = try await verify { log, _ in try log.submit([("c", "create", "{}")]) }
      #expect(pending.kinds == ["pending"])
      #expect(pending.pending == 1)
      let allowed = try await verify(["--allow-pending"], expecting: 0) { log, _ in
        try log.submit([("c", "create", "{}")])
      }
      #expect(allowed.pending == 1 && allowed.commands == 4)
    }

    @Test func `a missing topic is wrong usage`() async throws {
      let topics = try TopicFixture(creates: false)
      let result = try await sequitur(["verify"] + topics.arguments)
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains(topics.commands))
    }
  }
}
