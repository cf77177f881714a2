import Sequitur
import SequiturJSON
import Testing

@Suite struct EventAndStateTests {
  private func encode(_ event: OrderDecider.Event) throws -> (type: String, payload: String) {
    var payload = ByteWriter()
    let type = try OrderDecider().encode(event, into: &payload)
    return (type, String(decoding: payload.bytes, as: UTF8.self))
  }

  @Test(
    arguments: [
      (.closed, "closed", "{}"), (.amended(total: 7), "order/changed", #"{"total":7}"#),
      (.odd(ratio: 0.1), "o\"dd", #"{"ratio":0.1}"#),
      (
        .created(customer: "a/\"b\"", lines: [OrderDecider.Line(item: "x", price: 1)], note: nil), "created",
        #"{"customer":"a/\"b\"","lines":[{"item":"x","price":1}]}"#
      ),
    ] as [(OrderDecider.Event, String, String)])
  func `an event is its case and the object of its values`(
    event: OrderDecider.Event, type: String, payload: String
  ) throws {
    let encoded = try encode(event)
    #expect(encoded.type == type)
    #expect(encoded.payload == payload)
  }

  @Test func `an event is appended behind what is there`() throws {
    var writer = ByteWriter()
    writer.append("x" as String)
    _ = try OrderDecider().encode(.closed, into: &writer)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "x{}")
  }

  @Test func `an event that is no case is an error, not half a payload`() {
    var writer = ByteWriter()
    #expect(throws: (any Error).self) { try PlainEventDecider().encode(.init(), into: &writer) }
    #expect(writer.count == 0)
    #expect(throws: (any Error).self) { try encode(.odd(ratio: .infinity)) }
  }

  @Test func `a state is written with sorted keys and read again`() throws {
    let state = OrderDecider.State(total: 3, customer: "ü/x")
    var writer = ByteWriter()
    try OrderDecider().encodeState(state, into: &writer)
    #expect(
      String(decoding: writer.bytes, as: UTF8.self) == #"{"customer":"ü/x","path":"a/b","total":3}"#)
    let read = try OrderDecider().decodeState(RawSpan.unsafe(writer.bytes))
    #expect(read == state)
  }

  @Test func `a state that cannot be read is an error`() {
    var writer = ByteWriter()
    writer.append("{" as String)
    #expect(throws: (any Error).self) { try OrderDecider().decodeState(RawSpan.unsafe(writer.bytes)) }
  }

  @Test func `events are JSON`() {
    #expect(OrderDecider().eventContentType == "application/json")
  }
}
