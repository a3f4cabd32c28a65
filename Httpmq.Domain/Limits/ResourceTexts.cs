using System.Text;

namespace Httpmq.Domain.Limits;

/// <summary>The description of a stream or consumer.</summary>
public static class Description
{
    /// <summary>The longest that JetStream takes, in bytes of UTF-8: 4 KiB.</summary>
    public const int MostBytes = 4 * 1024;

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Validate(string? text) =>
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
    public static string? Validate(IReadOnlyDictionary<string, string>? metadata)
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

            if (name.Length == 0)
            {
                return "has an empty name";
            }

            // What is not sent does not count.
            bytes += IsReserved(name) ? 0 : Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(text);
        }

        return bytes > MostBytes ? $"has {bytes} bytes in its names and texts, and at most {MostBytes} are taken" : null;
    }

    /// <summary>Whether only nats-server writes it.</summary>
    public static bool IsReserved(string name) => name.StartsWith(ReservedPrefix, StringComparison.Ordinal);

    /// <summary>What clients wrote, without what nats-server did; null where there is no metadata.</summary>
    public static IReadOnlyDictionary<string, string>? OfClients(IReadOnlyDictionary<string, string>? metadata) =>
        metadata?.Where(static entry => !IsReserved(entry.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>The names that only nats-server writes and to which a client gave another value than they have.</summary>
    /// <param name="named">What the client named.</param>
    /// <param name="made">What there is.</param>
    public static IEnumerable<string> NotTaken(
        IReadOnlyDictionary<string, string>? named, IReadOnlyDictionary<string, string>? made) =>
        (named ?? new Dictionary<string, string>(StringComparer.Ordinal))
            .Where(entry => IsReserved(entry.Key)
                && !string.Equals(made?.GetValueOrDefault(entry.Key), entry.Value, StringComparison.Ordinal))
            .Select(static entry => Cut(entry.Key));

    /// <summary>Whether clients wrote the same into both; null is none.</summary>
    public static bool AreSame(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other)
    {
        var (own, others) = (OfClients(one), OfClients(other));
        return (own?.Count ?? 0) == (others?.Count ?? 0)
            && (own is null
                || own.All(entry => others!.TryGetValue(entry.Key, out var text)
                    && string.Equals(text, entry.Value, StringComparison.Ordinal)));
    }

    private static string Cut(string name) => name.Length > 100 ? name[..100] + "…" : name;
}
