import HTTPTypes
import Sequitur
import SequiturHTTP

/// Reads requests as the gateway does, for looking at odd ones without a server and a broker.
package enum RequestReading {
  private static let fields: [HTTPField.Name] = [
    .idempotencyKey, .ifMatch, .ifNoneMatch, .prefer, .contentType, .traceparent,
  ]

  /// - Parameter parts: path and query, and the fields Idempotency-Key, If-Match, If-None-Match, Prefer, Content-Type and
  ///   traceparent; an empty one does not stand in the request.
  /// - Returns: what is wrong with an answer; nil: nothing.
  package static func read(_ parts: [[UInt8]]) -> String? {
    func text(_ index: Int) -> String {
      index < parts.count ? String(decoding: parts[index], as: UTF8.self) : ""
    }
    let target = text(0).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let segments = (target.first ?? "").split(separator: "/").map { PercentText.decode($0.utf8) ?? [] }
    let query = target.count > 1 ? String(target[1]) : ""
    var head = HTTPRequest(method: .post, scheme: "http", authority: "h", path: text(0))
    for (index, name) in fields.enumerated() where !text(index + 1).isEmpty {
      head.headerFields[name] = text(index + 1)
    }
    func segment(_ index: Int) -> [UInt8] { index < segments.count ? segments[index] : [] }
    let call = HTTPCall(
      head: head, parameters: ["key": segment(1), "type": segment(3), "token": segment(1)], query: query)
    do throws(Problem) {
      let request = try CommandRequest(headOf: call, id: CommandRequest.id(head.headerFields))
      guard 1...Limits.keyBytesMax ~= request.key.count else {
        return "a key of \(request.key.count) bytes is taken"
      }
      guard request.wait <= GatewayLimits.wait(ofSeconds: .max) else {
        return "a wait of \(request.wait) is taken"
      }
    } catch {
      guard 400..<500 ~= error.status.code else { return "a bad request is answered \(error.status.code)" }
      _ = error.answer
    }
    if let position = CommandPosition(token: String(decoding: segment(1), as: UTF8.self)),
      CommandPosition(token: position.token) != position
    {
      return "the token \(position.token) is read as another one"
    }
    _ = FeedPages.number(segment(2))
    _ = QueryItems(query)["wait"].flatMap { Int64($0) }.map { GatewayLimits.wait(ofSeconds: $0) }
    return nil
  }
}
