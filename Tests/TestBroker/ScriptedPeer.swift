import Foundation

/// A peer that speaks as much of Kafka's protocol as one kind of trouble needs: no broker at hand has TLS, refuses a
/// password, or advertises a name that nobody knows.
///
/// It listens on a port of the loopback interface that the operating system picks, and dies with the test's process.
public final class ScriptedPeer: Sendable {
  /// What it does.
  public enum Script: String, Sendable, CaseIterable {
    /// Speaks TLS, with a certificate of an authority that nobody knows, for `localhost`.
    case tls
    /// Speaks TLS, with a certificate that expired yesterday.
    case expiredTLS
    /// Speaks TLS, with a certificate that is valid from next year on.
    case futureTLS
    /// Closes each connection with the first bytes.
    case closing
    /// Takes what comes and never answers.
    case silent
    /// Takes the mechanism PLAIN and refuses every name and password.
    case refusingPassword
    /// Has the mechanism SCRAM-SHA-512 only.
    case otherMechanism
    /// A cluster of one broker, which is said to be at `broker.invalid:9092`.
    case advertisingNowhere
    /// Answers as a web server does.
    case web
  }

  public let port: UInt16
  /// The certificate's file (PEM), of the scripts with TLS.
  public let certificate: String
  private let program: RunningProgram
  private let directory: URL

  /// What goes into `bootstrap.servers`.
  public var bootstrap: String { "localhost:\(port)" }

  /// Starts the peer; returns when it listens. Blocks for about 0.2 s.
  public init(_ script: Script) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("peer"))
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    certificate = directory.appending(path: "certificate.pem").path
    program = try RunningProgram.start(
      PackageRoot.python?.path ?? "python3", arguments: ["-c", Self.source, script.rawValue, directory.path])
    try program.blockForOutput(containing: "ready", timeout: .seconds(20))
    guard let found = program.output.standardOutput.firstMatch(of: #/port ([0-9]+)/#),
      let port = UInt16(found.1)
    else { throw ProgramError.ended("the peer to print its port", program.output) }
    self.port = port
  }

  deinit {
    program.kill()
    try? FileManager.default.removeItem(at: directory)
  }

  private static let source = #"""
    import datetime, os, socket, ssl, struct, subprocess, sys, threading
    script, directory = sys.argv[1], sys.argv[2]

    def string(text): return struct.pack(">h", len(text)) + text.encode()

    KEYS = {3: (0, 1), 17: (0, 1), 18: (0, 3), 36: (0, 0)}

    def versions(version):
        if version < 3:
            rows = b"".join(struct.pack(">hhh", key, low, high) for key, (low, high) in KEYS.items())
            return struct.pack(">hi", 0, len(KEYS)) + rows + (struct.pack(">i", 0) if version > 0 else b"")
        rows = b"".join(struct.pack(">hhhB", key, low, high, 0) for key, (low, high) in KEYS.items())
        return struct.pack(">hB", 0, len(KEYS) + 1) + rows + struct.pack(">iB", 0, 0)

    def answer(key, version):
        if key == 18: return versions(version)
        if key == 17 and script == "otherMechanism":
            return struct.pack(">hi", 33, 1) + string("SCRAM-SHA-512")
        if key == 17: return struct.pack(">hi", 0, 1) + string("PLAIN")
        if key == 36:
            return struct.pack(">h", 58) + string("Authentication failed: Invalid username or password") + struct.pack(">i", 0)
        if key == 3:
            broker = struct.pack(">i", 7) + string("broker.invalid") + struct.pack(">i", 9092) + struct.pack(">h", -1)
            return struct.pack(">i", 1) + broker + struct.pack(">i", 7) + struct.pack(">i", 0)
        return None

    def read(stream, count):
        data = b""
        while len(data) < count:
            piece = stream.recv(count - len(data))
            if not piece: raise OSError("closed")
            data += piece
        return data

    def serve(connection):
        try:
            if script == "closing":
                connection.recv(1)
                return connection.close()
            if script == "silent":
                while connection.recv(4096): pass
                return
            if script == "web":
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                return connection.close()
            if context: connection = context.wrap_socket(connection, server_side=True)
            while True:
                request = read(connection, struct.unpack(">i", read(connection, 4))[0])
                key, version, correlation = struct.unpack(">hhi", request[:8])
                body = answer(key, version)
                if body is None: return connection.close()
                connection.sendall(struct.pack(">ii", 4 + len(body), correlation) + body)
        except OSError:
            connection.close()

    def times():
        """Of the certificate: OpenSSL's req of this version knows none but from now on."""
        day = datetime.timedelta(days=1)
        now = datetime.datetime.now(datetime.timezone.utc)
        begin = {"tls": now - day, "expiredTLS": now - 30 * day, "futureTLS": now + 365 * day}[script]
        end = {"tls": now + 2 * day, "expiredTLS": now - day, "futureTLS": now + 400 * day}[script]
        return [time.strftime("%Y%m%d%H%M%SZ") for time in (begin, end)]

    def certify(certificate, key):
        """A certificate that vouches for itself, as a small authority would give it."""
        run = lambda *words: subprocess.run(["openssl", *words], check=True, stderr=subprocess.DEVNULL, cwd=directory)
        with open(os.path.join(directory, "ca.cnf"), "w") as file:
            file.write("[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
                       "policy=any\nx509_extensions=extra\n[any]\ncommonName=supplied\n"
                       "[extra]\nsubjectAltName=DNS:localhost\nbasicConstraints=CA:TRUE\n")
        open(os.path.join(directory, "index"), "w").close()
        with open(os.path.join(directory, "serial"), "w") as file: file.write("01\n")
        run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", "request.pem")
        begin, end = times()
        run("ca", "-batch", "-selfsign", "-notext", "-config", "ca.cnf", "-keyfile", key, "-in", "request.pem",
            "-startdate", begin, "-enddate", end, "-out", certificate)

    context = None
    if script in ("tls", "expiredTLS", "futureTLS"):
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        certify(certificate, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print("port", listener.getsockname()[1], "ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
    """#
}
