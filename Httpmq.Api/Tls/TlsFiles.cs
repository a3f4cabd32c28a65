using System.Text;
using Httpmq.Api.Http;

namespace Httpmq.Api.Tls;

/// <summary>What is wrong with a file.</summary>
/// <param name="Key">The key below <c>tls</c> that names the file.</param>
/// <param name="Text">The path, and what is wrong with it.</param>
internal sealed record TlsProblem(string Key, string Text);

/// <summary>The files of a port as they were at one time.</summary>
internal sealed record TlsFiles(byte[] Certificate, byte[] Key, byte[]? Authorities)
{
    public const string CertificateKey = "cert_file";
    public const string KeyKey = "key_file";
    public const string AuthoritiesKey = "client_ca_file";

    /// <summary>Reads them; null where one cannot be read.</summary>
    public static TlsFiles? Read(TlsSettings settings, out TlsProblem? problem)
    {
        problem = null;
        var certificate = Read(CertificateKey, settings.CertFile, ref problem);
        var key = Read(KeyKey, settings.KeyFile, ref problem);
        var authorities = settings.ClientCaFile is { } path ? Read(AuthoritiesKey, path, ref problem) : null;
        return problem is null ? new TlsFiles(certificate!, key!, authorities) : null;
    }

    public bool IsSame(TlsFiles? other) =>
        other is not null
        && Certificate.AsSpan().SequenceEqual(other.Certificate)
        && Key.AsSpan().SequenceEqual(other.Key)
        && Authorities.AsSpan().SequenceEqual(other.Authorities);

    public static string TextOf(byte[] file) => Encoding.UTF8.GetString(file);

    /// <summary>Whether a block of a PEM file has no end, which the framework takes for none: the file may be half written.</summary>
    public static bool IsCutOff(ReadOnlySpan<byte> file) => file.Count("-----BEGIN "u8) != file.Count("-----END "u8);

    private static byte[]? Read(string key, string path, ref TlsProblem? problem)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var reason = exception switch
            {
                FileNotFoundException or DirectoryNotFoundException or ArgumentException => "does not exist",
                UnauthorizedAccessException => "cannot be read: it is a folder, or permission is denied",
                _ => $"cannot be read: {exception.Message.TrimEnd('.')}",
            };
            problem ??= new TlsProblem(key, $"{PlainText.Quote(path)} {reason}");
            return null;
        }
    }
}
