import HTTPTypes

/// Reads the parts of requests that this house reads itself, for looking at odd ones without a server.
package enum RequestParts {
  private static let router = HTTPRouter(routes: [
    .get("/") { _ in .json([]) }, .get("/objects/:key") { _ in .json([]) },
    HTTPRoute(.post, "/objects/:key/commands/:type", bodyBytesMax: 1) { _ in .json([]) },
    .get("/feed/:partition/:page") { _ in .json([]) },
  ])
  private static let feed = {
    let feed = EventFeed()
    for number in 0..<20 { feed.publish(id: "r1-\(number)", data: "\(number)") }
    return feed
  }()

  /// - Parameter parts: the address to listen at, the path with its query, the host that is asked for, the last event's id.
  /// - Returns: what is wrong with an answer; nil: nothing.
  package static func read(_ parts: [[UInt8]]) -> String? {
    func text(_ index: Int) -> String {
      index < parts.count ? String(decoding: parts[index], as: UTF8.self) : ""
    }
    var names = HostNames(for: HTTPAddress(host: "127.0.0.1", port: 1), and: [])
    if let address = try? HTTPAddress(parsing: text(0)) {
      guard (try? HTTPAddress(parsing: address.description)) == address else {
        return "the address \(address) is read as another one"
      }
      names = HostNames(for: address, and: [text(2)])
    }
    _ = names?.allows(text(2))
    for method in [HTTPRequest.Method.get, .post, .head] {
      do throws(Problem) {
        let target = try router.find(
          HTTPRequest(method: method, scheme: "http", authority: text(2), path: text(1)))
        guard !target.parameters.values.contains(where: { $0.count > text(1).utf8.count }) else {
          return "a parameter is longer than its path"
        }
      } catch {
        guard 400..<500 ~= error.status.code else { return "a bad path is answered \(error.status.code)" }
        _ = error.answer
      }
    }
    let place = feed.place(after: parts.count > 3 ? text(3) : nil)
    guard feed.take(from: place.next, EventFilter(), atMost: 64) != nil else {
      return "an event's id leads out of the feed"
    }
    return nil
  }
}
