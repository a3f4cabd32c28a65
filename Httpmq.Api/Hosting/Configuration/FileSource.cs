using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// Takes the values of known keys out of the file's tree. The catalogue leads the way, so that an unknown section is one warning and
/// not one per key, and a node that refers to itself (YAML can) is never followed.
/// </summary>
internal sealed class FileSource(string path, Catalogue catalogue, Reports reports)
{
    private readonly SettingsSource _source = new();

    internal static SettingsSource Read(string path, string subject, Catalogue catalogue, Reports reports)
    {
        var file = new FileSource(path, catalogue, reports);
        if (ConfigurationFile.Read(path, subject, reports) is { IsNull: false } root)
        {
            if (root.Members is null)
            {
                reports.Problem(path, "holds no keys (expected something like 'nats:')");
            }

            file.ReadMembers("", root.Members ?? []);
        }

        return file._source;
    }

    private void ReadMembers(string section, IEnumerable<(string Key, FileNode Value)> members)
    {
        foreach (var (name, node) in members)
        {
            var member = section.Length == 0 ? name : $"{section}.{name}";
            if (catalogue.Find(member) is not ({ } key, var kind) || key.Count('[') != section.Count('['))
            {
                reports.Unknown(member, catalogue.FindMeant(member), "unknown key", Origin(node));
            }
            else if (!node.IsNull)
            {
                ReadNode(key, kind, node);
            }
        }
    }

    private void ReadNode(string key, SettingKind kind, FileNode node)
    {
        if (_source.OriginOf(key) is not null)
        {
            reports.Problem(key, "is there twice", Origin(node));
            return;
        }

        switch (kind, node)
        {
            case (SettingKind.Section, { Members: { } members }):
                ReadMembers(key, members);
                break;
            case (SettingKind.Value or SettingKind.Values, { Scalar: { } text }):
                _source.Add(key, text, Origin(node));
                break;
            case (SettingKind.Values, { Items: { } items }) when items.All(item => item.Scalar is not null):
                _source.Add(key, string.Join(',', items.Select(item => item.Scalar)), Origin(node));
                break;
            case (SettingKind.Sections, { Items: { } items }):
                _source.Add(key, "", Origin(node));
                foreach (var (index, item) in items.Index())
                {
                    ReadNode($"{key}[{index}]", SettingKind.Section, item);
                    _source.Add($"{key}[{index}]", "", Origin(item));
                }

                break;
            default:
                reports.Problem(key, $"{Found(node)} stands where {Expected(kind)}", Origin(node));
                break;
        }
    }

    private static string Found(FileNode node) =>
        node.Scalar is { } text ? PlainText.Quote(SettingRules.WithoutCredentials(text))
        : node.Items is not null ? "a list"
        : node.Members is not null ? "a section"
        : "nothing";

    private static string Expected(SettingKind kind) => kind switch
    {
        SettingKind.Section => "the keys of this section belong",
        SettingKind.Values => "a list of single values belongs",
        SettingKind.Sections => "a list of sections belongs",
        _ => "one value belongs",
    };

    private string Origin(FileNode node) => node.Line > 0 ? $"in {path} line {node.Line}" : $"in {path}";
}
