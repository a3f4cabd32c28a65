namespace Httpmq.Api.Access;

/// <summary>
/// The hashes of keys that were accepted a moment ago, so that a busy client's key is not hashed for each of its requests. Whose keys they
/// are is not kept here: one that is withdrawn is refused at once.
/// </summary>
internal sealed class RecentKeys
{
    private const int Places = 256;

    private readonly Entry?[] _entries = new Entry?[Places];

    /// <summary>Finds the hash of a key.</summary>
    /// <param name="key">What was shown.</param>
    /// <param name="hash">Its hash, where this is true.</param>
    public bool TryGet(ReadOnlySpan<char> key, out KeyHash hash)
    {
        // The short hash is seeded by the process. Keys are compared where all of its bits are the same, so that the time of the comparison
        // tells nobody how much of a key is right.
        var code = string.GetHashCode(key, StringComparison.Ordinal);
        if (Volatile.Read(ref _entries[PlaceOf(code)]) is { } entry && entry.Code == code && key.SequenceEqual(entry.Key))
        {
            hash = entry.Hash;
            return true;
        }

        hash = default;
        return false;
    }

    /// <summary>Keeps the hash of a key that is valid, in the place of another one.</summary>
    public void Keep(ReadOnlySpan<char> key, in KeyHash hash)
    {
        var code = string.GetHashCode(key, StringComparison.Ordinal);
        Volatile.Write(ref _entries[PlaceOf(code)], new Entry(code, key.ToString(), hash));
    }

    private static int PlaceOf(int code) => (int)((uint)code % Places);

    private sealed record Entry(int Code, string Key, KeyHash Hash);
}
