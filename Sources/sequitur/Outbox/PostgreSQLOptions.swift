import ArgumentParser
import PostgreSQL
import SequiturSettings
import TerminalView

/// Which PostgreSQL is meant.
struct PostgreSQLOptions: ParsableArguments {
  @Option(
    .database,
    help:
      "Where the table is: postgres://USER@HOST/NAME or host=HOST dbname=NAME. For a password use PGPASSFILE."
  )
  var database: String?

  /// The connection string, with the environment and the file.
  /// - Throws: a ``CommandFailure`` when there is none.
  func connectionString(_ settings: Settings) throws -> String {
    guard let text = try settings.text(database, .database) else {
      throw CommandFailure(
        "Expected --database to say where PostgreSQL is, but it is not given. Give a URL, or name it in SEQUITUR_DATABASE; "
          + "passwords belong into a password file (PGPASSFILE).")
    }
    guard !text.hasPrefix("sqlite:") else {
      throw CommandFailure(
        "Expected \(settings.origin(database, .database)) to name a PostgreSQL, but it is a SQLite: an outbox needs what only "
          + "the former has.")
    }
    return text
  }
}

extension CommandFailure {
  /// What the database did not do. Its message holds no row and no password.
  init(_ error: PostgreSQLError) {
    let cure = error.kind == .cannotConnect ? " Check --database, and that the server runs." : ""
    self.init("\(error).\(cure)")
  }
}
