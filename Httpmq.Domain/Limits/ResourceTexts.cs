using System.Text;

namespace Httpmq.Domain.Limits;

/// <summary>The description of a stream or consumer.</summary>
public static class Description
{
    /// <summary>The longest that JetStream takes, in bytes of UTF-8: 4 KiB.</summary>
    public const int MostBytes = 4 * 1024;

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? FaultOf(string? text) =>
        text is not null && Encoding.UTF8.GetByteCount(text) is > MostBytes
            and var bytes ? $"has {bytes} bytes, and at most {MostBytes} are taken" : null;
}

/// <summary>
/// The metadata of a stream or consumer: names and texts that JetStream keeps and does not read. From nats-server 2.10 on.
/// </summary>
public static class Metadata
{
    /// <summary>The most that JetStream takes, in bytes of UTF-8 of all names and texts together: 128 KiB.</summary>
    public const int MostBytes = 128 * 1024;

    /// <summary>What names begin with that only nats-server writes.</summary>
    public const string ReservedPrefix = "_nats.";

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? FaultOf(IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null)
        {
            return null;
        }

        var bytes = 0L;
        foreach (var (name, text) in metadata)
        {
            // What JSON gave: null is possible there.
            if (text is null)
            {
                return $"'{Cut(name)}' is null, and text is expected";
            }

            if (name.Length == 0 || IsReserved(name))
            {
                return name.Length == 0
                    ? "has an empty name"
                    : $"'{Cut(name)}' begins with {ReservedPrefix}, which only nats-server writes";
            }

            bytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(text);
        }

        return bytes > MostBytes ? $"has {bytes} bytes in its names and texts, and at most {MostBytes} are taken" : null;
    }

    /// <summary>Whether only nats-server writes it.</summary>
    public static bool IsReserved(string name) => name.StartsWith(ReservedPrefix, StringComparison.Ordinal);

    /// <summary>Without what nats-server wrote; null where nothing is left.</summary>
    public static IReadOnlyDictionary<string, string>? WithoutReserved(IReadOnlyDictionary<string, string>? metadata)
    {
        var own = metadata?.Where(static entry => !IsReserved(entry.Key)).ToDictionary(StringComparer.Ordinal);
        return own is { Count: > 0 } ? own : null;
    }

    /// <summary>Whether both hold the same; null is none.</summary>
    public static bool AreSame(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0)
        && (one is null
            || one.All(entry => other!.TryGetValue(entry.Key, out var text) && string.Equals(text, entry.Value, StringComparison.Ordinal)));

    private static string Cut(string name) => name.Length > 100 ? name[..100] + "…" : name;
}
