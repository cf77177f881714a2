import Sequitur
import Testing

@testable import SequiturTopics

/// Whose a record on an output topic is.
struct OriginReaderTests {
  private struct Sample {
    var role: OriginReader.Role
    var key: String? = "k"
    var value: String? = "{}"
    var headers: [(String, String?)]
  }

  private func origin(_ sample: Sample) -> RecordOrigin {
    let reader = OriginReader(applicationID: "shop", commandsTopic: "orders")
    var arena = ByteWriter(capacity: 4096)
    func place(_ text: String?) -> (Int, Int)? {
      guard let text else { return nil }
      let start = arena.count
      arena.append(text)
      return (start, arena.count)
    }
    let key = place(sample.key)
    let value = place(sample.value)
    let places = sample.headers.map { (place($0.0), place($0.1)) }
    let bytes = arena.bytes
    func view(_ place: (Int, Int)?) -> UnsafeRawBufferPointer? {
      place.map { UnsafeRawBufferPointer(rebasing: bytes[$0.0..<$0.1]) }
    }
    let headers = places.map { RecordHeader(name: view($0.0)!, value: view($0.1)) }
    return reader.origin(in: sample.role, key: view(key), value: view(value), headers: headers)
  }

  private func event(
    source: String? = "/shop", topic: String = "orders", _ more: [(String, String?)] = []
  ) -> [(String, String?)] {
    [("ce_id", "\(topic)/0/17/0"), ("ce_type", "paid"), ("ce_sequence", "3")]
      + (source.map { [("ce_source", $0)] } ?? []) + more
  }

  private func rejection(
    source: String? = "/shop", topic: String = "orders", of command: [(String, String?)] = []
  ) -> [(String, String?)] {
    command + [
      ("rejection-code", "malformed"), ("object-version", "0"), ("command-position", "\(topic)/0/17"),
    ]
      + (source.map { [("rejection-source", $0)] } ?? [])
  }

  private func checkpoint(_ headers: [(String, String?)]) -> Sample {
    Sample(
      role: .changelog, key: "", value: #"{"format":1,"position":7,"partitions":2}"#, headers: headers)
  }

  @Test func `records of this application are its own, those of older versions too`() {
    #expect(origin(Sample(role: .valid, headers: event())) == .own)
    #expect(origin(Sample(role: .valid, headers: event(source: nil))) == .own)
    #expect(origin(Sample(role: .invalid, headers: rejection())) == .own)
    #expect(origin(Sample(role: .invalid, headers: rejection(source: nil))) == .own)
    #expect(origin(checkpoint([("application", "shop"), ("commands-topic", "orders")])) == .own)
    #expect(origin(checkpoint([("incarnation", "7")])) == .own)
  }

  @Test func `an application is told from another by what each kind of record says`() {
    #expect(
      origin(Sample(role: .valid, headers: event(source: "/shop2"))) == .foreign("its ce_source says /shop2"))
    #expect(
      origin(Sample(role: .invalid, headers: rejection(source: "/shop2")))
        == .foreign("its rejection-source says /shop2"))
    #expect(origin(checkpoint([("application", "shop2")])) == .foreign("its application says shop2"))
    #expect(
      origin(Sample(role: .valid, headers: event(source: nil, topic: "other")))
        == .foreign("its ce_id says other/0/17/0"))
    #expect(
      origin(Sample(role: .invalid, headers: rejection(source: nil, topic: "other")))
        == .foreign("its command-position says other/0/17"))
    #expect(
      origin(checkpoint([("application", "shop"), ("commands-topic", "other")]))
        == .foreign("its commands-topic says other"))
  }

  @Test func `names that only begin or end alike are others`() {
    for source in ["/shop-2", "/Shop", "/sho", "shop2", "//shop", "/", "", "/shop "] {
      #expect(origin(Sample(role: .valid, headers: event(source: source))) != .own, "\(source)")
    }
  }

  @Test func `topics that were swapped are found by what stands on them`() {
    #expect(
      origin(Sample(role: .invalid, headers: event()))
        == .foreign("it is one of the events of the application shop"))
    #expect(
      origin(Sample(role: .valid, headers: rejection(source: nil)))
        == .foreign("it is one of the rejections of commands on orders"))
    #expect(
      origin(Sample(role: .changelog, headers: event()))
        == .foreign("it is one of the events of the application shop"))
    var onValid = checkpoint([("application", "shop")])
    onValid.role = .valid
    #expect(
      origin(onValid) == .foreign("it is one of the states and checkpoints of the application shop"))
  }

  @Test func `what a command carries does not say whose its outcome is`() {
    // An event of another application that was sent as a command: its headers stand before the rejection's own.
    let command = event(source: "/shop2", topic: "other")
    #expect(origin(Sample(role: .invalid, headers: rejection(of: command))) == .own)
    // A rejection that was sent again as it was, and was rejected by a version that wrote no source.
    let again = rejection(source: "/shop2", topic: "other")
    #expect(origin(Sample(role: .invalid, headers: rejection(source: nil, of: again))) == .own)
    #expect(origin(Sample(role: .valid, headers: event(again))) == .own)
  }

  @Test func `states say nothing, and what nobody of this kind wrote is astray`() {
    #expect(origin(Sample(role: .changelog, headers: [("v", "3")])) == .unknown)
    #expect(origin(Sample(role: .changelog, value: nil, headers: [])) == .unknown)
    for headers in [
      [], [("ce_id", "17"), ("ce_type", "x")], [("ce_id", "orders/0/17"), ("ce_sequence", "1")],
      [("ce_id", "orders/0/-1/0"), ("ce_sequence", "1")], [("ce_id", "/0/1/0"), ("ce_sequence", "1")],
      [("ce_id", nil), ("ce_sequence", "1")],
    ] as [[(String, String?)]] {
      #expect(origin(Sample(role: .valid, headers: headers)) == .stray("it has no headers of events"))
    }
    #expect(
      origin(Sample(role: .invalid, headers: [("command-position", "orders/0/1")]))
        == .stray("it has no headers of rejections"))
    #expect(
      origin(Sample(role: .changelog, headers: [])) == .stray("it has no headers of states and checkpoints"))
  }
}
