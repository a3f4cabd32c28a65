using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>Whether the configured certificates are valid, for how long, and whether their keys fit.</summary>
internal static class CertificateCheck
{
    public const string Name = "certificate";

    private static readonly TimeSpan Notice = TimeSpan.FromDays(30);

    public static IReadOnlyList<CheckResult> Examine(HttpmqSettings settings, TimeProvider time)
    {
        var tls = settings.Nats.Tls;
        return
        [
            .. Examine($"{tls.SettingName}.ca_file", tls.CaFile, null, null, time),
            .. Examine($"{tls.SettingName}.cert_file", tls.CertFile, $"{tls.SettingName}.key_file", tls.KeyFile, time),
            .. settings.Served().SelectMany(served => served.Server.Tls is { } own
                ? Examine($"{served.Group.Name}.{ServerSettingKeys.Tls}.", own, time)
                : []),
        ];
    }

    // Files that the start refuses are problems of the configuration; what was valid then may end soon.
    private static IEnumerable<CheckResult> Examine(string section, TlsSettings tls, TimeProvider time) =>
    [
        .. Examine(section + TlsFiles.CertificateKey, tls.CertFile, section + TlsFiles.KeyKey, tls.KeyFile, time),
        .. Examine(section + TlsFiles.AuthoritiesKey, tls.ClientCaFile, null, null, time),
    ];

    /// <param name="setting">The key that names the file, which may hold several.</param>
    /// <param name="file">The file; null: none.</param>
    /// <param name="keySetting">The key that names the file with the key of the first certificate.</param>
    /// <param name="keyFile">That file; null: none.</param>
    /// <param name="time">The clock.</param>
    public static IEnumerable<CheckResult> Examine(string setting, string? file, string? keySetting, string? keyFile, TimeProvider time)
    {
        if (file is null)
        {
            yield break;
        }

        yield return Read(setting, file, out var certificates) is { } unreadable
            ? unreadable with { Subject = setting }
            : Judge(certificates, time) with { Subject = setting };
        if (keyFile is not null && certificates.Count > 0)
        {
            yield return Fit(file, keySetting!, keyFile) with { Subject = keySetting };
        }

        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }

    private static CheckResult? Read(string setting, string file, out X509Certificate2Collection certificates)
    {
        certificates = [];
        try
        {
            certificates.ImportFromPemFile(file);
            return certificates.Count > 0
                ? null
                : CheckResult.Problem(Name, $"{file} holds no certificate", $"name a PEM file with {setting}");
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return CheckResult.Problem(Name, $"{file} cannot be read: {exception.Message}", $"name a PEM file with {setting}");
        }
    }

    // The one that ends first counts: without it, what is behind it is worth nothing.
    private static CheckResult Judge(X509Certificate2Collection certificates, TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var first = certificates.MinBy(static certificate => certificate.NotAfter)!;
        var late = certificates.MaxBy(static certificate => certificate.NotBefore)!;
        var (begin, end) = (late.NotBefore.ToUniversalTime(), first.NotAfter.ToUniversalTime());
        var seen = string.Create(CultureInfo.InvariantCulture, $"{first.Subject} ends {end:yyyy-MM-dd HH:mm} UTC");
        return (end - now) switch
        {
            _ when begin > now => CheckResult.Problem(
                Name,
                string.Create(CultureInfo.InvariantCulture, $"{late.Subject} begins only {begin:yyyy-MM-dd HH:mm} UTC"),
                "look at the clock, or wait"),
            var left when left <= TimeSpan.Zero => CheckResult.Problem(Name, $"{seen}, which is over", "renew it"),
            var left when left <= Notice => CheckResult.Warning(
                Name, string.Create(CultureInfo.InvariantCulture, $"{seen}, in {left.TotalDays:0} days"), "renew it before"),
            _ => CheckResult.Ok(Name, seen),
        };
    }

    private static CheckResult Fit(string file, string keySetting, string keyFile)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(file, keyFile);
            return CheckResult.Ok(Name, $"{keyFile} fits");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException
            or UnauthorizedAccessException)
        {
            return CheckResult.Problem(
                Name, $"{keyFile} does not fit the certificate, or is not a key in PEM that is not encrypted", $"correct {keySetting}");
        }
    }
}
