import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct EnvelopeTests {
  private func event(
    _ command: TestCommand, envelope: Envelope = .cloudevents, contentType: String? = nil
  ) throws -> ProducedRecord {
    let partition = TestPartition(
      decider: TextDecider(contentType: contentType), envelope: envelope, position: 17)
    #expect(try partition.process(command) == .accepted)
    return partition.last
  }

  @Test func `an event has exactly the attributes of the record contract`() throws {
    var command = TestCommand("set", "value", key: "käse", id: "id-1", expect: "none")
    command.timestamp = 1_795_439_100_000
    let event = try event(command)
    #expect(
      event.headerTexts == [
        "ce_causationid=id-1", "ce_id=commands/3/17/0", "ce_sequence=1", "ce_source=/shop",
        "ce_specversion=1.0",
        "ce_subject=käse", "ce_time=2026-11-23T13:05:00.000Z", "ce_type=set",
      ])
    #expect(event.topic == .valid)
    #expect(event.partition == 3)
    #expect(event.timestamp == 1_795_439_100_000)
    #expect(event.key == Array("käse".utf8))
    #expect(event.valueText == "value")
  }

  @Test func `the compact envelope has three attributes and carries nothing`() throws {
    let command = TestCommand(
      "set", id: "id-1", headers: [("traceparent", "t"), ("content-type", "text/plain")])
    let event = try event(command, envelope: .compact)
    #expect(event.headerTexts == ["ce_id=commands/3/17/0", "ce_sequence=1", "ce_type=set"])
  }

  @Test func `without an id the command's position is the cause`() throws {
    #expect(try event(TestCommand("set"))["ce_causationid"] == "commands/3/17")
    #expect(try event(TestCommand("set", id: ""))["ce_causationid"] == "commands/3/17")
  }

  @Test func `other headers are carried, attributes of the event are its own`() throws {
    let own = [
      "ce_specversion", "ce_source", "ce_subject", "ce_time", "ce_sequence", "ce_causationid", "ce_id",
      "ce_type",
    ].map { ($0, "wrong") as (String, String?) }
    let carried: [(String, String?)] = [
      ("traceparent", "00-1-2-03"), ("tracestate", ""), ("x", nil), ("x", "2"), ("ce_dataschema", "s"),
      ("", "y"),
    ]
    var command = TestCommand(nil, headers: own + carried)
    command.headers.append(("ce_type", Array("set".utf8)))
    let event = try event(command)
    #expect(!event.headerTexts.contains { $0.hasSuffix("=wrong") && !$0.hasPrefix("ce_causationid") })
    #expect(event.headers.count == 8 + carried.count)
    for (name, value) in carried {
      #expect(event.headers.contains(.init(name: name, value: value.map { Array($0.utf8) })))
    }
    #expect(Set(event.headers.map(\.name)).count == 8 + carried.count - 1)
  }

  @Test(arguments: [
    "application/cloudevents+json", "application/cloudevents", "application/cloudevents-batch+json",
    "APPLICATION/CloudEvents+avro", "application/cloudevents+json; charset=utf-8",
    " application/cloudevents+json",
  ])
  func `a command in structured mode is malformed, before anything else is asked`(type: String) throws {
    for envelope in [Envelope.cloudevents, .compact] {
      let partition = TestPartition(envelope: envelope)
      let headers = [("content-type", type), ("expected-version", "any")] as [(String, String?)]
      #expect(try partition.code(TestCommand("unknown", id: "a", headers: headers)) == "malformed")
      #expect(
        partition.last["rejection-reason"]?.contains("'\(type)' says that it is in structured mode") == true)
      #expect(partition.last["content-type"] == type)
    }
  }

  @Test(arguments: [
    "application/json", "application/cloudevent", "text/x; a=application/cloudevents", "cloudevents",
  ])
  func `other content types are carried`(type: String) throws {
    let event = try event(TestCommand("set", headers: [("content-type", type)]))
    #expect(event["content-type"] == type)
  }

  @Test func `the last content type decides, as of every header`() throws {
    let structured = "application/cloudevents+json"
    let last = [("content-type", "text/plain"), ("content-type", structured)] as [(String, String?)]
    #expect(try TestPartition().code(TestCommand("set", headers: last)) == "malformed")
    #expect(try event(TestCommand("set", headers: last.reversed()))["content-type"] == "text/plain")
  }

  @Test func `no header of a command is taken for one of its event, whatever its case`() throws {
    let names = [
      "CE_ID", "Ce_Type", "ce_Time", "CE_SPECVERSION", "Ce_Source", "CE_subject", "CE_Sequence",
      "Ce_CausationId",
      "Content-Type", "Expected-Version", "ce_datacontenttype", "CE_DataContentType",
    ]
    let event = try event(
      TestCommand("set", headers: names.map { ($0, "application/cloudevents+json") } + [("X-Mine", "1")]))
    #expect(event.headers.count == 8 + 1)
    #expect(event["X-Mine"] == "1")
  }

  @Test(arguments: [[0x6b], [0x6b, 0xff]] as [[UInt8]])
  func `a command without a timestamp makes events without a time`(key: [UInt8]) throws {
    var command = TestCommand("set", id: "id-1", headers: [("x", "1")])
    command.key = key
    command.timestamp = CommandRecord.noTimestamp
    let event = try event(command)
    #expect(event["ce_time"] == nil)
    #expect(event.timestamp == OutputRecord.timeOfWriting)
    #expect(event.headers.count == (key.count == 1 ? 7 : 6) + 1)
    #expect(event["ce_causationid"] == "id-1" && event["x"] == "1" && event["ce_sequence"] == "1")
    #expect(try self.event(command, envelope: .compact).timestamp == OutputRecord.timeOfWriting)
    // Any other time before 1970 is one.
    command.timestamp = -2
    let other = try self.event(command)
    #expect(other["ce_time"] == "1969-12-31T23:59:59.998Z" && other.timestamp == -2)
  }

  @Test func `events with and without a time follow each other`() throws {
    let partition = TestPartition()
    for time in [CommandRecord.noTimestamp, 5, -1, -1, 0, -1, 5] as [Int64] {
      var command = TestCommand("set")
      command.timestamp = time
      #expect(try partition.process(command) == .accepted)
      #expect((partition.last["ce_time"] == nil) == (time == -1), "\(time)")
      #expect(partition.last["ce_causationid"]?.hasPrefix("commands/3/") == true)
      #expect(partition.last.timestamp == (time == -1 ? OutputRecord.timeOfWriting : time))
    }
  }

  @Test func `a key that is not UTF-8 has no subject`() throws {
    var command = TestCommand("set")
    command.key = [0x6b, 0xff]
    let event = try event(command)
    #expect(event["ce_subject"] == nil)
    #expect(event.headers.count == 7)
    #expect(event.key == [0x6b, 0xff])
  }

  @Test(
    arguments: [
      (nil, nil, nil), (nil, "text/plain", "text/plain"),
      ("application/json", "text/plain", "application/json"),
      ("application/json", nil, "application/json"), (nil, "", nil),
    ] as [(String?, String?, String?)])
  func `the content type is the decider's, else the command's`(
    decider: String?, command: String?, expected: String?
  ) throws {
    let headers = command.map { [("content-type", $0 as String?)] } ?? []
    let event = try event(TestCommand("set", headers: headers), contentType: decider)
    #expect(event["content-type"] == expected)
    #expect(event.headers.count == (expected == nil ? 8 : 9))
  }
}
