import ReadableText
import RegularFiles
import SequiturSettings
import TerminalView

/// Secrets of librdkafka's that stand in files of their own: a password is then in no command line, no environment and no
/// configuration file.
enum SecretFiles {
  /// The properties that may come from a file, which is named by the property with `-file` behind it.
  static let names = ["sasl.password", "ssl.key.password", "ssl.keystore.password"]
  /// A password is a line.
  private static let bytesMax = 4096

  /// The properties with each file's content in its place: of equal names the last counts, whatever it is.
  ///
  /// - Throws: a ``CommandFailure`` that names who named the file, the file and the cause, and nothing of its text.
  static func resolve(_ properties: [Settings.Property]) throws -> [Settings.Property] {
    try properties.map { property in
      guard let name = secret(property.name) else { return property }
      let path = property.value
      guard !path.isEmpty else {
        throw CommandFailure(
          "Expected \(property.origin) to name a file with a secret, but it is empty. Name one, or leave it out."
        )
      }
      let bytes: [UInt8]
      do throws(RegularFile.Fault) {
        bytes = try RegularFile.read(path, atMost: bytesMax)
      } catch {
        throw CommandFailure(
          "Expected \(property.origin) to name a file with a secret, but \(ShownText.line(path)) cannot be read: "
            + "\(error). Name a file that this user may read.")
      }
      // An editor ends the line.
      let line = bytes.last == 10 ? bytes.dropLast() : bytes[...]
      let text = line.last == 13 && bytes.last == 10 ? line.dropLast() : line
      guard let secret = String(validating: text, as: UTF8.self), !secret.isEmpty,
        !secret.contains(where: \.isNewline)
      else {
        throw CommandFailure(
          "Expected \(property.origin) to name a file with one line of UTF-8, but \(ShownText.line(path)) holds "
            + "something else. Write the secret and nothing more into it.")
      }
      return Settings.Property(
        name: name, value: secret, origin: property.origin, isFromFile: property.isFromFile)
    }
  }

  /// Files with secrets that every user of this machine may read: each once.
  static func openToAll(_ properties: [Settings.Property], configuration: String?) -> [String] {
    var paths = properties.compactMap { property in
      secret(property.name) != nil || property.name == keyFile ? property.value : nil
    }
    // A configuration file is no secret by itself.
    let holdsSecret = properties.contains { $0.isFromFile && names.contains($0.name) }
    if holdsSecret, let configuration { paths.append(configuration) }
    var known: Set<String> = []
    return paths.filter { known.insert($0).inserted && RegularFile.isOpenToAll($0) }
  }

  /// A private key, which may have no password.
  private static let keyFile = "ssl.key.location"

  /// The environment's names have dots only: `SEQUITUR_KAFKA_SASL_PASSWORD_FILE`.
  private static func secret(_ name: String) -> String? {
    names.first { name == "\($0)-file" || name == "\($0).file" }
  }
}
