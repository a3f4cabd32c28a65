using System.Formats.Asn1;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace Httpmq.Api.Tls;

internal enum CertificateNameKind
{
    Dns,
    Email,
    Uri,
}

/// <summary>A subject alternative name: a URI, a DNS name or an address of e-mail.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CertificateName(CertificateNameKind Kind, string Text)
{
    // RFC 5280, 4.2.1.6.
    private const string SubjectAlternativeName = "2.5.29.17";
    private const int EmailTag = 1;
    private const int DnsTag = 2;
    private const int UriTag = 6;

    /// <summary>The names of a certificate, without those of other kinds; null where they cannot be read.</summary>
    public static IReadOnlyList<CertificateName>? Read(X509Certificate2 certificate)
    {
        var names = new List<CertificateName>();
        try
        {
            foreach (var extension in certificate.Extensions.Where(static one => one.Oid?.Value is SubjectAlternativeName))
            {
                // X509SubjectAlternativeNameExtension reads DNS names and IP addresses alone.
                var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (sequence.HasData)
                {
                    var tag = sequence.PeekTag();
                    CertificateNameKind? kind = tag.TagClass is not TagClass.ContextSpecific ? null : tag.TagValue switch
                    {
                        EmailTag => CertificateNameKind.Email,
                        DnsTag => CertificateNameKind.Dns,
                        UriTag => CertificateNameKind.Uri,
                        _ => null,
                    };
                    if (kind is null)
                    {
                        sequence.ReadEncodedValue();
                        continue;
                    }

                    names.Add(Of(kind.Value, sequence.ReadCharacterString(UniversalTagNumber.IA5String, tag)));
                }
            }

            return names;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>Reads a name as people write it. A URI has a scheme, an address an <c>@</c>, all else is a DNS name. Null: none.</summary>
    public static CertificateName? Parse(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal) || text.StartsWith("urn:", StringComparison.OrdinalIgnoreCase))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out _) && text.All(static one => one is > ' ' and <= '~')
                ? Of(CertificateNameKind.Uri, text)
                : null;
        }

        var at = text.LastIndexOf('@');
        if (Uri.CheckHostName(text[(at + 1)..]) is not UriHostNameType.Dns || !text.All(static one => one is > ' ' and <= '~'))
        {
            return null;
        }

        return at < 0 ? Of(CertificateNameKind.Dns, text) : at > 0 ? Of(CertificateNameKind.Email, text) : null;
    }

    public override string ToString() => Text;

    // Hosts are the same in any case, all else is not.
    private static CertificateName Of(CertificateNameKind kind, string text) => kind switch
    {
        CertificateNameKind.Dns => new(kind, text.ToLowerInvariant()),
        CertificateNameKind.Email when text.LastIndexOf('@') is >= 0 and var at => new(kind, text[..at] + text[at..].ToLowerInvariant()),
        _ => new(kind, text),
    };
}
