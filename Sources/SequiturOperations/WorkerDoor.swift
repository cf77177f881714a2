import CoreMetrics
import Logging
import SequiturHTTP
import SequiturMetrics
import SequiturWorker

/// The operations door of a worker in a program of one's own: `/live`, `/ready`, `/metrics`, `/status` and the page, as
/// `sequitur worker` has them.
///
///     let door = WorkerDoor()                       // before the worker: its metrics go here
///     let worker = Worker(configuration) { BankAccount() }
///     try await door.open(to: worker, at: HTTPAddress(host: "127.0.0.1", port: 9464), logger: logger)
///     try await worker.runUntilSignalled()
///     await door.close()
///
/// It becomes the metrics system of the process (`MetricsSystem.bootstrap`), which there is one of: a program that has one, or
/// makes two doors, traps. Opened once.
public final class WorkerDoor: Sendable {
  private let metrics = PrometheusMetrics(WorkerMetric.allCases.map(\.definition))
  private let server = OpenServer()

  private actor OpenServer {
    var server: OperationsServer?
    func set(_ server: OperationsServer) { self.server = server }
  }

  /// A door that is not open yet.
  public init() { MetricsSystem.bootstrap(metrics) }

  /// Opens it.
  ///
  /// - Parameters:
  ///   - address: port 0 takes a free one.
  ///   - tls: nil: plain HTTP.
  ///   - hostNames: see `HTTPServer`.
  ///   - authenticator: see `HTTPServer`.
  ///   - version: of the program, for people.
  /// - Returns: the address with its port, as a browser takes it.
  /// - Throws: `HTTPServerFault` with why it cannot be opened.
  @discardableResult
  public func open(
    to worker: Worker, at address: HTTPAddress, tls: TLSFiles? = nil, hostNames: [String] = [],
    authenticator: (any HTTPAuthenticator)? = nil, version: String = "", logger: Logger
  ) async throws(HTTPServerFault) -> String {
    let service = WorkerService(
      worker: worker, metricsSystem: metrics, version: version, rules: nil, settings: [])
    let opened = try await OperationsServer.open(
      service, at: address, tls: tls, hostNames: hostNames, authenticator: authenticator,
      logger: logger)
    await server.set(opened)
    return opened.url
  }

  /// Lets answers under way end, and closes it.
  public func close() async { await server.server?.close() }
}
