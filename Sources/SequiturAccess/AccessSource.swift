import Glibc
import ReadableText
import RegularFiles

/// An access file and the files that it names, read at one moment.
struct AccessSource: Sendable {
  let policy: AccessPolicy
  let tokens: StaticTokens
  let verifier: TokenVerifier?
  let certificatePlace: CertificateName.Place
  /// In PEM form.
  let authorities: [UInt8]?
  /// The files, to see when one is another.
  let stamps: [FileStamp]
  /// What somebody should mend, each a sentence.
  let warnings: [String]

  private static let namedFileBytesMax = 1 << 20

  /// - Throws: ``AccessFault`` that names the file.
  init(path: String) async throws(AccessFault) {
    let own = FileStamp(path)
    let document = try AccessFileReader.read(
      Self.read(path, "the rules of who may do what", AccessFileReader.bytesMax), path: path)
    var stamps = [own]
    policy = AccessPolicy(rules: document.rules)
    tokens = StaticTokens(entries: document.tokens)
    certificatePlace = document.certificates?.place ?? .commonName
    if let jwt = document.jwt {
      let file = Self.path(jwt.keys, beside: path)
      stamps.append(FileStamp(file))
      let bytes = try Self.read(file, "the keys of who issues tokens", Self.namedFileBytesMax)
      do throws(PublicKeys.Fault) {
        verifier = TokenVerifier(keys: try await PublicKeys(bytes), expected: jwt.expected)
      } catch {
        throw AccessFault(
          "Expected public keys in \(ShownText.line(file)), but \(error.reason). Name the issuer's set (its jwks_uri)."
        )
      }
    } else {
      verifier = nil
    }
    if let certificates = document.certificates {
      authorities = try Self.read(
        Self.path(certificates.authority, beside: path), "certificates of who vouches for clients",
        Self.namedFileBytesMax)
    } else {
      authorities = nil
    }
    self.stamps = stamps
    guard !stamps.contains(where: \.isWritableForAll) else {
      throw AccessFault(
        "Expected \(ShownText.line(path)), and the keys that it names, to be written by their owner, but every user of this "
          + "machine may write there, and so give themselves any right. Do chmod 600.")
    }
    // Hashes of good tokens give nothing away; those of bad ones can be guessed.
    warnings =
      RegularFile.isOpenToAll(path) && !document.tokens.isEmpty
      ? [
        "Every user of this machine may read the hashes of tokens in \(ShownText.line(path)). Do chmod 600."
      ] : []
  }

  private static func path(_ name: String, beside path: String) -> String {
    guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
    return path[...slash] + name
  }

  private static func read(_ path: String, _ what: String, _ most: Int) throws(AccessFault) -> [UInt8] {
    do throws(RegularFile.Fault) {
      return try RegularFile.read(path, atMost: most)
    } catch {
      throw AccessFault(
        "Expected to read \(what) from \(ShownText.line(path)), but \(error). Name a file that this user may read."
      )
    }
  }
}

/// Tells a file from the one that had its name before.
struct FileStamp: Sendable, Hashable {
  let path: String
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let seconds: Int
  private let nanoseconds: Int
  let isWritableForAll: Bool

  init(_ path: String) {
    self.path = path
    var status = stat()
    let isThere = stat(path, &status) == 0
    device = isThere ? UInt64(status.st_dev) : 0
    inode = isThere ? UInt64(status.st_ino) : 0
    size = isThere ? Int64(status.st_size) : -1
    seconds = isThere ? status.st_mtim.tv_sec : 0
    nanoseconds = isThere ? status.st_mtim.tv_nsec : 0
    isWritableForAll = isThere && status.st_mode & S_IWOTH != 0
  }

  /// How the file is now.
  var now: FileStamp { FileStamp(path) }
}
