using System.Text;
using System.Text.Json;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Remembers which nats-server used the store last, and looks whether an older one understands what is in it. Servers check nothing:
/// 2.9 deletes compressed blocks as damaged when it opens them, and takes what newer servers write for a deleted message for a
/// message with a sequence above 2^62, after which every message that it stores is lost to newer servers.
/// </summary>
internal static class StoreVersion
{
    public const string FileName = "nats-server.version";
    private const ulong Tombstone = 1UL << 62;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    /// <summary>What its owner should know when an older server opens the store, a sentence without its full stop; null: nothing.</summary>
    /// <param name="dataFolder">Where the version is remembered.</param>
    /// <param name="version">The version that is about to open it.</param>
    public static string? WarningFor(string dataFolder, string? version)
    {
        if (ServerFacts.Of(ReadFrom(dataFolder)) is not { Version: { } before }
            || ServerFacts.Of(version) is not { Version: { } now }
            || before <= now)
        {
            return null;
        }

        return $"The store was last used by nats-server {before}, and this is {now}: an older server drops settings of streams and "
            + "consumers that it does not know (message TTLs, for example) and reports nothing. "
            + $"Use nats-server {before} or newer";
    }

    /// <summary>Notes the version. A store that cannot be written, or is full, is no reason not to serve what is in it.</summary>
    public static void Note(string dataFolder, string version)
    {
        if (string.Equals(ReadFrom(dataFolder), version, StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            using var file = FolderPrivacy.Create(Path.Combine(dataFolder, FileName), FileMode.Create);
            file.Write(Encoding.UTF8.GetBytes(version + "\n"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next start tries again; the store's own problem is found and told by others.
        }
    }

    /// <summary>To be called before a server that cannot read compressed blocks opens the store.</summary>
    /// <exception cref="EmbeddedNatsException">There is a compressed stream.</exception>
    public static void RequireNoCompression(string dataFolder, string store, string? version)
    {
        var streams = new DirectoryInfo(Path.Combine(store, "$G", "streams"));
        foreach (var stream in streams.Exists ? streams.GetDirectories() : [])
        {
            if (IsCompressed(Path.Combine(stream.FullName, "meta.inf")))
            {
                throw EmbeddedNatsException.StoreTooNew(
                    store, ReadFrom(dataFolder), version, $"stream {stream.Name} is compressed, and it would delete its messages");
            }
        }
    }

    /// <summary>To be called before anybody publishes to a server that knows no tombstones; it has changed nothing until then.</summary>
    /// <exception cref="EmbeddedNatsException">It took a tombstone for a message.</exception>
    public static async Task RequireReadableAsync(
        string dataFolder, string store, NatsOptions server, string version, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            await CheckStreamsAsync(dataFolder, store, server, version, limit.Token);
        }
        catch (Exception failure) when (failure is NatsException or JsonException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw EmbeddedNatsException.StoreUnknown(store, failure);
        }
    }

    private static async Task CheckStreamsAsync(
        string dataFolder, string store, NatsOptions server, string version, CancellationToken cancellationToken)
    {
        await using var connection = new NatsConnection(ClientSettings.Of(server));
        for (int offset = 0, total = 1; offset < total;)
        {
            var reply = await connection.RequestAsync<string, byte[]>(
                JetStreamSubjects.Api("STREAM.LIST"), $$"""{"offset":{{offset}}}""", cancellationToken: cancellationToken);
            using var answer = JsonDocument.Parse(reply.Data);
            if (!answer.RootElement.TryGetProperty("streams", out var page)
                || page.ValueKind != JsonValueKind.Array
                || page.GetArrayLength() == 0)
            {
                return;
            }

            foreach (var stream in page.EnumerateArray())
            {
                var state = stream.GetProperty("state");
                if (state.GetProperty("last_seq").GetUInt64() >= Tombstone || state.GetProperty("first_seq").GetUInt64() >= Tombstone)
                {
                    var name = stream.GetProperty("config").GetProperty("name").GetString();
                    throw EmbeddedNatsException.StoreTooNew(
                        store,
                        ReadFrom(dataFolder),
                        version,
                        $"it takes messages that were deleted from stream {name} for others, and new ones would be lost");
                }
            }

            offset += page.GetArrayLength();
            total = answer.RootElement.GetProperty("total").GetInt32();
        }
    }

    private static bool IsCompressed(string description)
    {
        try
        {
            using var meta = JsonDocument.Parse(File.ReadAllBytes(description));
            return meta.RootElement.TryGetProperty("compression", out var compression)
                && compression.GetString() is not (null or "" or "none");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            // Damaged: nats-server does not load it, and that is told after the start.
            return false;
        }
    }

    private static string? ReadFrom(string dataFolder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(dataFolder, FileName)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
