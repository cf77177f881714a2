import HTTPTypes
import Synchronization

/// What operators and their machines ask a service.
///
///     /live      200 while the process answers
///     /ready     200, or 503 with the reasons
///     /metrics   Prometheus's text
///     /status    how it is, as JSON
///     /history   the last half hour, as JSON
///     /events    /status each second, as server-sent events
///     /          all of it, for people
public struct OperationsDoor: Sendable {
  private let service: any OperatedService
  private let sampler: StatusSampler

  /// A door to a service.
  public init(_ service: any OperatedService) {
    self.service = service
    sampler = StatusSampler(service)
  }

  /// To be given to the server, which closes them when it stops.
  public var feeds: [EventFeed] { [sampler.feed] }

  /// Takes a look each second, until it is cancelled: history and live view come from it.
  public func run() async { await sampler.run() }

  /// To be given to the server.
  public var routes: [HTTPRoute] {
    let (service, sampler) = (service, sampler)
    return [
      .get("/live", access: .open) { _ in .json(Array("{\"live\":true}\n".utf8)) },
      .get("/ready", access: .open) { _ in Self.readiness(service.status()) },
      .get("/metrics", access: .operate) { _ in
        let (contentType, text) = service.metrics()
        var answer = HTTPAnswer(.ok, contentType, Array(text.utf8))
        answer.fields[.cacheControl] = "no-store"
        return answer
      },
      .get("/status", access: .operate) { _ in .json(service.status().json) },
      .get("/history", access: .operate) { _ in .json(sampler.history) },
      .get("/events", access: .operate) { _ in .events(sampler.feed) },
    ] + OperationsPage.routes
  }

  /// The reasons are what somebody who looks at a probe's failure needs, and nothing more.
  private struct Readiness: Encodable {
    let ready: Bool
    let troubles: [ServiceStatus.Trouble]
  }

  private static func readiness(_ status: ServiceStatus) -> HTTPAnswer {
    let bytes = ServiceStatus.encode(Readiness(ready: status.ready, troubles: status.troubles))
    return .json(bytes, status: status.ready ? .ok : .serviceUnavailable)
  }
}
