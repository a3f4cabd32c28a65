using System.Text;
using Httpmq.Infrastructure.Connection;
using NATS.NKeys;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// The one user of the embedded nats-server, whose port every user of the machine can open. Its NKey is new with each process.
/// nats-server is told the public half alone; the seed is in this process, and in a file that only its owner can read.
/// </summary>
internal sealed class EmbeddedLogin
{
    /// <summary>The file with the seed, for the <c>nats</c> command.</summary>
    public const string FileName = "nats-server.nk";

    private readonly string _seed;

    public EmbeddedLogin()
    {
        using var pair = KeyPair.CreatePair(PrefixByte.User);
        (_seed, PublicKey) = (pair.GetSeed(), pair.GetPublicKey());
        Login = NatsLogin.OfNKey(Secret.OfText(_seed));
    }

    public string PublicKey { get; }

    /// <summary>For the gateway's own connections.</summary>
    public NatsLogin Login { get; }

    /// <summary>The answer to a server's nonce.</summary>
    public string Sign(string nonce)
    {
        using var pair = KeyPair.FromSeed(_seed);
        var signature = new byte[64];
        pair.Sign(Encoding.ASCII.GetBytes(nonce), signature);
        return Convert.ToBase64String(signature);
    }

    /// <summary>Writes the seed where its owner finds it; why that was not possible, or null.</summary>
    public string? TryWrite(string folder)
    {
        var file = Path.Combine(folder, FileName);
        try
        {
            // Another one: somebody may have the old one open.
            File.Delete(file);
            using var stream = FolderPrivacy.Create(file, FileMode.CreateNew);
            stream.Write(Encoding.ASCII.GetBytes(_seed + "\n"));
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"'{file}' cannot be written ({EmbeddedNatsException.ReasonOf(failure)})";
        }
    }

    /// <summary>Deletes the file: the next process has another key.</summary>
    public static void Remove(string folder)
    {
        try
        {
            File.Delete(Path.Combine(folder, FileName));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It opens nothing any more.
        }
    }
}
