using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// Takes the values of known keys out of the file's tree. The catalogue leads the way, so that an unknown section is one warning and
/// not one per key, and a node that refers to itself (YAML can) is never followed.
/// </summary>
internal sealed class FileLayer(string path, Findings findings)
{
    private readonly SettingsLayer _layer = new();

    internal static SettingsLayer Read(string path, string subject, Findings findings)
    {
        var reader = new FileLayer(path, findings);
        if (ConfigurationFile.Read(path, subject, findings) is { IsNull: false } root)
        {
            if (root.Members is null)
            {
                findings.Problem(path, "holds no keys (expected something like 'nats:')");
            }

            reader.ReadSection("", root.Members ?? []);
        }

        return reader._layer;
    }

    private void ReadSection(string section, IEnumerable<(string Key, FileNode Value)> members)
    {
        foreach (var (name, node) in members)
        {
            var member = section.Length == 0 ? name : $"{section}.{name}";
            if (SettingKeys.FindKey(member) is { } key)
            {
                ReadValue(key, node);
            }
            else if (SettingKeys.FindSection(member) is not { } known)
            {
                findings.Unknown(member, member, "unknown key", Origin(node));
            }
            else if (node.Members is { } below)
            {
                ReadSection(known, below);
            }
            else if (!node.IsNull)
            {
                var found = node.Scalar is { } text ? PlainText.Quote(SettingText.WithoutCredentials(text)) : "a list";
                findings.Problem(known, $"{found} stands where the keys of this section belong", Origin(node));
            }
        }
    }

    private void ReadValue(string key, FileNode node)
    {
        if (node.IsNull)
        {
            return;
        }

        if (_layer.Contains(key))
        {
            findings.Problem(key, "is there twice", Origin(node));
        }
        else if (node.Scalar is { } text)
        {
            _layer.Add(key, text, Origin(node));
        }
        else if (node.Items?.Select(item => item.Scalar) is { } items && SettingKeys.IsList(key) && items.All(item => item is not null))
        {
            _layer.Add(key, string.Join(',', items), Origin(node));
        }
        else
        {
            var found = node.Items is null ? "a section" : "a list";
            var expected = !SettingKeys.IsList(key) ? "one value belongs" : "a list of single values belongs";
            findings.Problem(key, $"{found} stands where {expected}", Origin(node));
        }
    }

    private string Origin(FileNode node) => node.Line > 0 ? $"in {path} line {node.Line}" : $"in {path}";
}
