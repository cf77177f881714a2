import CPostgreSQL

/// A notice or warning of the server, which is no error.
public struct PostgreSQLNotice: Sendable, Hashable {
  /// `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`, untranslated.
  public var severity: String
  /// The server's code.
  public var sqlState: SQLState?
  /// The primary message.
  public var message: String
}

/// Receives notices, on the thread that made the call, while it is in it. It must not use the connection.
public typealias NoticeObserver = (PostgreSQLNotice) -> Void

/// What the C callback finds its observer in.
final class NoticeObserverBox {
  let observer: NoticeObserver

  init(_ observer: @escaping NoticeObserver) { self.observer = observer }
}

extension PostgreSQLNotice {
  /// Without a receiver of one's own, libpq prints notices to the standard error (`PQsetNoticeReceiver`).
  ///
  /// The handle keeps the box, and libpq calls back only within calls that the handle makes.
  static func install(_ box: NoticeObserverBox?, on connection: OpaquePointer) {
    PQsetNoticeReceiver(
      connection,
      { context, result in
        guard let context, let result else { return }
        func field(_ field: pq_shim_field) -> String? {
          pq_shim_error_field(result, field).map { String(cString: $0) }
        }
        let notice = PostgreSQLNotice(
          severity: field(PQ_SHIM_SEVERITY) ?? "NOTICE",
          sqlState: field(PQ_SHIM_SQLSTATE).flatMap { SQLState($0) },
          message: field(PQ_SHIM_MESSAGE) ?? PostgreSQLError.oneLine(PQresultErrorMessage(result)))
        Unmanaged<NoticeObserverBox>.fromOpaque(context).takeUnretainedValue().observer(notice)
      }, box.map { Unmanaged.passUnretained($0).toOpaque() })
  }
}
