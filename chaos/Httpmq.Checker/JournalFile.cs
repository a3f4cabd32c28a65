using System.Text.Json;
using System.Threading.Channels;

namespace Httpmq.Checker;

/// <summary>Writes a journal, one JSON object per line, in the background; whoever writes never waits for the disk.</summary>
public sealed class JournalWriter : IAsyncDisposable
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();
    private readonly Channel<JournalEntry> _entries = Channel.CreateUnbounded<JournalEntry>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writing;

    public JournalWriter(string path) => _writing = WriteAllAsync(path);

    public void Write(JournalEntry entry) => _entries.Writer.TryWrite(entry);

    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAllAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 20);
        await foreach (var entry in _entries.Reader.ReadAllAsync())
        {
            await file.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.JournalEntry));
            await file.WriteAsync(LineEnd);
        }
    }
}

/// <summary>Reads a journal back.</summary>
public static class JournalReader
{
    public static IEnumerable<JournalEntry> Read(string path) => File.ReadLines(path)
        .Where(line => line.Length > 0)
        .Select(line => JsonSerializer.Deserialize(line, JournalJson.Default.JournalEntry)
            ?? throw new JsonException($"not a journal entry: {line}"));
}
