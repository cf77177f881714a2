import Foundation
@testable import RocksDB
import Testing

@Suite struct FailureTests {
  let folder = TemporaryFolder()

  /// Leaves a closed database with two tables of several blocks each.
  private func makeDatabase() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    for table in 0..<2 {
      var batch = WriteBatch(for: database)
      for number in 0..<2000 { try batch.put("\(table)-\(number)", UUID().uuidString, in: family) }
      try database.write(&batch)
      try database.flush(family)
    }
  }

  private func openError(options: DatabaseOptions = DatabaseOptions()) throws -> RocksDBError {
    try rocksDBError { _ = try Database(path: folder.database, options: options) }
  }

  @Test func `a second open of the same directory finds the lock held`() throws {
    let database = try Database(path: folder.database)
    let error = try openError()
    #expect(error.isLockHeld)
    #expect(error.path == folder.database)
    #expect(try rocksDBError { try Database.destroy(path: folder.database) }.isLockHeld)
    database.close()
    _ = try Database(path: folder.database)
  }

  @Test func `another process finds the lock held`() async throws {
    let database = try Database(path: folder.database)
    let path = folder.database
    await #expect(processExitsWith: .success) { [path = path as String] in
      let error = try rocksDBError { _ = try Database(path: path) }
      #expect(error.isLockHeld, "\(error)")
    }
    database.close()
  }

  @Test func `a damaged manifest is corruption`() throws {
    try makeDatabase()
    let manifest = try #require(folder.files { $0.hasPrefix("MANIFEST") }.first)
    var bytes = try Data(contentsOf: URL(filePath: manifest))
    for index in 0..<min(bytes.count, 64) { bytes[index] ^= 0x5a }
    try bytes.write(to: URL(filePath: manifest))
    #expect(try openError().isCorruption)
  }

  @Test func `a manifest that is gone is corruption`() throws {
    try makeDatabase()
    for manifest in try folder.files(where: { $0.hasPrefix("MANIFEST") }) {
      try FileManager.default.removeItem(atPath: manifest)
    }
    let error = try openError()
    #expect(error.isCorruption, "\(error)")
  }

  @Test func `a table that is gone is corruption`() throws {
    try makeDatabase()
    try FileManager.default.removeItem(atPath: #require(folder.files { $0.hasSuffix(".sst") }.first))
    let error = try openError()
    #expect(error.isCorruption, "\(error)")
  }

  @Test func `a truncated table is corruption`() throws {
    try makeDatabase()
    let table = try #require(folder.files { $0.hasSuffix(".sst") }.first)
    #expect(truncate(table, 100) == 0)
    let error = try openError()
    #expect(error.isCorruption, "\(error)")
  }

  @Test func `a damaged block is corruption to a get, to a read of many keys and to an iterator`() throws {
    try makeDatabase()
    let table = try #require(folder.files { $0.hasSuffix(".sst") }.first)
    var bytes = try Data(contentsOf: URL(filePath: table))
    for index in 0..<bytes.count / 2 { bytes[index] ^= 0x5a }
    try bytes.write(to: URL(filePath: table))
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    #expect(try rocksDBError { _ = try database.text("0-0", in: family) }.isCorruption)
    #expect(try rocksDBError { _ = try database.entries(in: family) }.isCorruption)
    let error = try rocksDBError {
      try withBytes("0-0") { key in
        try database.withValues(of: [key, key], in: family) { _, _ in Issue.record("a value") }
      }
    }
    #expect(error.isCorruption)
  }

  @Test func `a missing CURRENT beside tables is corruption, and nothing is created or deleted`() throws {
    try makeDatabase()
    try FileManager.default.removeItem(atPath: folder.database + "/CURRENT")
    let before = try folder.files { _ in true }
    #expect(try openError().isCorruption)
    #expect(try folder.files { _ in true } == before)
  }

  @Test func `an empty CURRENT is corruption`() throws {
    try makeDatabase()
    #expect(truncate(folder.database + "/CURRENT", 0) == 0)
    let error = try openError()
    #expect(error.isCorruption, "\(error)")
  }

  @Test func `a first open that was interrupted before CURRENT begins again`() throws {
    try FileManager.default.createDirectory(atPath: folder.database, withIntermediateDirectories: true)
    for name in ["LOCK", "IDENTITY", "MANIFEST-000001"] {
      #expect(FileManager.default.createFile(atPath: folder.database + "/" + name, contents: nil))
    }
    _ = try Database(path: folder.database)
  }

  @Test func `an absent database is not created unless asked for`() throws {
    var options = DatabaseOptions()
    options.createIfMissing = false
    #expect(try openError(options: options).code == .ioError)
    #expect(!FileManager.default.fileExists(atPath: folder.database + "/CURRENT"))
    #expect(try rocksDBError { _ = try Database.columnFamilyNames(path: folder.database) }.code == .ioError)
  }

  @Test func `a path that is a file is an I/O error`() throws {
    #expect(FileManager.default.createFile(atPath: folder.database, contents: Data("text".utf8)))
    let error = try openError()
    #expect(error.code == .ioError)
    #expect(try String(contentsOfFile: folder.database, encoding: .utf8) == "text")
  }

  @Test func `a directory without write permission is a read-only error`() async throws {
    try makeDatabase()
    #expect(chmod(folder.path, 0o755) == 0)
    #expect(chmod(folder.database, 0o555) == 0)
    defer { chmod(folder.database, 0o755) }
    let path = folder.database
    await #expect(processExitsWith: .success) { [path = path as String] in
      // Root may write anywhere: become nobody, in this process only.
      if geteuid() == 0 { #expect(setuid(65534) == 0) }
      let error = try rocksDBError { _ = try Database(path: path) }
      #expect(error.isReadOnly, "\(error)")
      let create = try rocksDBError { _ = try Database(path: path + "/inner") }
      #expect(create.isReadOnly, "\(create)")
    }
  }

  @Test func `destroying removes the data and spares foreign files`() throws {
    try makeDatabase()
    let foreign = folder.database + "/notes.txt"
    #expect(FileManager.default.createFile(atPath: foreign, contents: nil))
    try Database.destroy(path: folder.database)
    #expect(try folder.files { _ in true } == [foreign])
    try Database.destroy(path: folder.path + "/never there")
  }

  @Test(arguments: [
    ("IO error: No space left on device: While appending to file: a.sst: No space left on device", "noSpace"),
    ("IO error: While open a file for appending: /d/LOG: Permission denied", "ioError"),
    ("Resource busy: ", "busy"), ("Operation aborted: ", "aborted"), ("NotFound: ", "notFound"),
    ("Result incomplete: Write stall", "other"),
  ])
  func `the code is read from the status text`(text: String, name: String) throws {
    // Only code in the module reads texts; the names of the codes are what callers see.
    let code = RocksDBError.Code(statusText: text)
    #expect(code.description == name)
    let error = RocksDBError(code: code, operation: "write a batch", path: "/d", detail: text)
    #expect(error.isNoSpace == (name == "noSpace"))
    #expect(error.isReadOnly == text.contains("Permission denied"))
    #expect(error.description == "Expected to write a batch at /d, but \(text)")
  }
}
